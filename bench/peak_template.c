/* Multiplications and additions in registers. Included with SCALAR, BYTES (of a vector), and PEAK, the
   name of the function. */

/* Two operations for each entry of PEAK_SUMS vectors in each step. Returns what the compiler must compute. */
static double PEAK(size_t steps)
{
    typedef SCALAR vector __attribute__((vector_size(BYTES)));
    enum { LENGTH = BYTES / sizeof(SCALAR) };
    vector sums[PEAK_SUMS], factor = (vector){0} + (SCALAR)0.5, term = (vector){0} + (SCALAR)1;
    SCALAR total = 0;
    for (int i = 0; i < PEAK_SUMS; i++)
        sums[i] = factor + (SCALAR)i;
    __asm__ volatile("" : "+m"(factor), "+m"(term)); /* not known when compiling */
    const vector f = factor, t = term;
    for (size_t s = 0; s < steps; s++)
        _Pragma("GCC unroll 16") for (int i = 0; i < PEAK_SUMS; i++) sums[i] = sums[i] * f + t;
    for (int i = 0; i < PEAK_SUMS; i++)
        for (int l = 0; l < LENGTH; l++)
            total += sums[i][l];
    return (double)total;
}

#undef SCALAR
#undef BYTES
#undef PEAK
