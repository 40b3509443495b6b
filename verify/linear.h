/* Linear systems modulo a prime, factored once and solved for many right sides. */
#ifndef FM_VERIFY_LINEAR_H
#define FM_VERIFY_LINEAR_H

#include <flint/flint.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A system of equations in unknowns, all zero at first. */
typedef struct fm_linear fm_linear;

/* Fewer than 2^32 of each. Where there are half as many equations again as unknowns, random sums
   of them stand for all, so that there is a probability, of about 2^-64, that the rank is lower. */
fm_linear *fm_linear_new(size_t unknowns, size_t equations, ulong p);
void fm_linear_free(fm_linear *linear);
/* About what such a system takes, in bytes. */
double fm_linear_memory(size_t unknowns, size_t equations, ulong p);

/* Adds a coefficient, from 1 to p - 1, to what an unknown has in an equation. */
void fm_linear_add(fm_linear *linear, size_t unknown, size_t equation, ulong coefficient);
/* Over f2: the same for 64 equations from a multiple of 64 on, a bit each. */
void fm_linear_add_word(fm_linear *linear, size_t unknown, size_t equation, uint64_t bits);
/* Ends adding: word-parallel elimination over f2, LU by FLINT for other p. */
void fm_linear_factor(fm_linear *linear);

/* All that follows is of a factored system. */
size_t fm_linear_rank(const fm_linear *linear);
/* Whether an unknown is free: solutions have 0 there, and another value can be chosen. */
bool fm_linear_is_free(const fm_linear *linear, size_t unknown);
/* Sets solution, of residues, to the solution with this right side, of residues, that is 0 on the
   free unknowns. False when there is none. */
bool fm_linear_solve(const fm_linear *linear, const ulong *right, ulong *solution);

#endif
