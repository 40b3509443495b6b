// The public header is C++ too.
#include "outside.c"
