/* The check with integers of one type, included by check_integers.c for each. CELL is the type, all
   zero bytes its zero; CELL_DO(set), CELL_DO(zero), CELL_DO(add_product) and CELL_DO(is_zero) are
   its operations. A cell that was set to zero owns nothing. */

static CELL *CELL_DO(convert)(const fmpz *values, size_t count)
{
    CELL *cells = fm_alloc_zero(count, sizeof *cells);
    for (size_t e = 0; e < count; e++)
        CELL_DO(set)(&cells[e], &values[e]);
    return cells;
}

static void CELL_DO(free)(CELL *cells, size_t count)
{
    for (size_t e = 0; e < count; e++)
        CELL_DO(zero)(&cells[e]);
    free(cells);
}

/* Adds the terms of a row of equations to sum, a cell for each k. */
static void CELL_DO(add_terms)(const fm_equations *row, CELL *const factor[3], CELL *sum)
{
    const fm_factors *w = &row->scheme->factors[2];
    CELL scalar = 0;
    for (const fm_term *t = row->terms; t < row->terms + row->term_count; t++) {
        CELL_DO(zero)(&scalar);
        CELL_DO(add_product)(&scalar, &factor[0][t->u], &factor[1][t->v]);
        for (size_t e = w->start[t->r]; e < w->start[t->r + 1]; e++)
            CELL_DO(add_product)(&sum[w->index[e]], &scalar, &factor[2][e]);
    }
    CELL_DO(zero)(&scalar);
}

/* True when all equations hold, otherwise the first that fails. */
static bool CELL_DO(check)(const integers *in, fm_equations *row, fm_position *failing)
{
    const fm_factors *factors = row->scheme->factors;
    uint32_t extent = row->tensor->extent[2], k = extent;
    CELL *factor[3], *sum = fm_alloc_zero(extent, sizeof *sum);
    for (int axis = 0; axis < 3; axis++)
        factor[axis] = CELL_DO(convert)(in->factor[axis], factors[axis].count);
    while (k == extent && fm_equations_next(row)) {
        for (k = 0; k < extent; k++)
            CELL_DO(zero)(&sum[k]);
        for (size_t e = 0; e < row->entry_count; e++)
            CELL_DO(set)
        (&sum[row->entries[e].k], &in->entry[&row->entries[e] - row->tensor->entries]);
        CELL_DO(add_terms)(row, factor, sum);
        for (k = 0; k < extent && CELL_DO(is_zero)(&sum[k], in->modulus);)
            k++;
        *failing = (fm_position){row->i, row->j, k};
    }
    for (int axis = 0; axis < 3; axis++)
        CELL_DO(free)(factor[axis], factors[axis].count);
    CELL_DO(free)(sum, extent);
    return k == extent;
}

#undef CELL
#undef CELL_DO
