/* What the machine is, and what its arithmetic units can do. */
#ifndef FM_BENCH_MACHINE_H
#define FM_BENCH_MACHINE_H

#include "cpu.h"
#include "fewmul.h"

/* What the system calls the processor, "unknown" where it does not say; to be freed with free. */
char *fm_machine_name(void);

/* Operations a second, in 10^9, of one thread that multiplies and adds in registers, by the widest
   vectors that products use: the best of a few runs, in a tenth of a second. */
double fm_machine_peak(fm_cpu_vectors vectors, fm_scalar_type type);

#endif
