/* write_schemes FILE...: the schemes of results/ that plans can use, verified, as C source on standard
   output, in all orders of the three sizes. Run when the library is built. */
#include "emit.h"
#include "error.h"
#include "memory.h"
#include "plan_facts.h"
#include "ready.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What the library chooses among: here none yet. */
const fm_gemm_scheme *const fm_gemm_schemes[] = {NULL};
const size_t fm_gemm_scheme_count = 0;

typedef struct set {
    fm_gemm_scheme **schemes;
    size_t count, capacity;
} set;

static uint32_t entry_count(const fm_gemm_scheme *s)
{
    return s->rows[0][s->rank] + s->rows[1][s->rank] + s->rows[2][s->rank];
}

static uint64_t move_count(const fm_gemm_scheme *s)
{
    uint64_t moves = 0;
    for (uint32_t i = 0; i < s->step_count; i++)
        if (s->steps[i].kind != FM_STEP_MULTIPLY)
            moves += 1 + s->steps[i].term_count;
    return moves;
}

static double growth_of(const fm_gemm_scheme *s)
{
    return fm_plan_growth(&(fm_plan){.levels = {{s, FM_LEVEL_FUSED}}, .level_count = 1}, 1 << 16,
                          1 << 8);
}

/* Of the schemes of one format, only those are kept that none beats in rank, entries (for fused
   levels) and moves (for temporaries); among equals the one whose errors grow least, or else the first. */
static bool is_beaten(const set *all, size_t n)
{
    const fm_gemm_scheme *s = all->schemes[n];
    for (size_t i = 0; i < all->count; i++) {
        const fm_gemm_scheme *t = all->schemes[i];
        if (i == n || memcmp(t->format, s->format, sizeof s->format) != 0)
            continue;
        bool no_worse = t->rank <= s->rank && entry_count(t) <= entry_count(s) &&
                        move_count(t) <= move_count(s);
        bool better =
            t->rank < s->rank || entry_count(t) < entry_count(s) || move_count(t) < move_count(s);
        const double growth = growth_of(t) - growth_of(s);
        if (no_worse && (better || growth < 0 || (growth == 0 && i < n)))
            return true;
    }
    return false;
}

static fm_status add(set *all, const fm_scheme *scheme, const unsigned format[3], fm_error *error)
{
    fm_scheme *turned;
    fm_gemm_scheme *ready;
    fm_status status = fm_scheme_permute(scheme, format, &turned, error);
    if (status != FM_OK)
        return status;
    status = fm_gemm_scheme_new(turned, FM_F32, &ready, error);
    fm_scheme_free(turned);
    if (status == FM_NO)
        fprintf(stderr, "write_schemes: the scheme does not hold: %s\n", error->message);
    if (status != FM_OK)
        return status;
    all->schemes = fm_grow(all->schemes, all->count, &all->capacity, sizeof *all->schemes);
    all->schemes[all->count++] = ready;
    return FM_OK;
}

/* The scheme for its three sizes in each order. */
static fm_status add_orders(set *all, const fm_scheme *scheme, fm_error *error)
{
    static const unsigned orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                          {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    unsigned format[3], done[6][3];
    fm_status status = FM_OK;
    if (!fm_tensor_is_matmul(fm_scheme_tensor(scheme), format))
        return FM_OK;
    for (int o = 0; o < 6 && status == FM_OK; o++) {
        bool again = false;
        for (int i = 0; i < 3; i++)
            done[o][i] = format[orders[o][i]];
        for (int earlier = 0; earlier < o; earlier++)
            again = again || memcmp(done[earlier], done[o], sizeof done[o]) == 0;
        if (!again)
            status = add(all, scheme, done[o], error);
    }
    return status;
}

static fm_status add_file(set *all, const char *path, fm_error *error)
{
    fm_scheme_list list;
    fm_status status = fm_scheme_read(path, &list, error);
    if (status != FM_OK)
        return status;
    for (size_t i = 0; i < list.count && status == FM_OK; i++)
        status = add_orders(all, list.schemes[i], error);
    fm_scheme_list_free(&list);
    return status;
}

static fm_status write_all(const set *all, FILE *file, fm_error *error)
{
    size_t count = 0;
    char *names = fm_strdup("");
    fprintf(file, "#include \"gemm_scheme.h\"\n");
    for (size_t i = 0; i < all->count; i++) {
        if (is_beaten(all, i))
            continue;
        char *name = fm_format("scheme%zu", count++), *longer = fm_format("%s&%s,", names, name);
        fm_emit_scheme(all->schemes[i], name, file);
        free(names);
        free(name);
        names = longer;
    }
    fprintf(file,
            "const fm_gemm_scheme *const fm_gemm_schemes[] = {%s 0};\n"
            "const size_t fm_gemm_scheme_count = %zu;\n",
            names, count);
    free(names);
    if (fflush(file) != 0 || ferror(file))
        return fm_fail(error, FM_IO, "writing schemes as C: %s", strerror(errno));
    return FM_OK;
}

int main(int argc, char **argv)
{
    fm_error error = {""};
    set all = {0};
    fm_status status = FM_OK;
    for (int i = 1; i < argc && status == FM_OK; i++)
        status = add_file(&all, argv[i], &error);
    if (status == FM_OK)
        status = write_all(&all, stdout, &error);
    for (size_t i = 0; i < all.count; i++)
        fm_gemm_scheme_free(all.schemes[i]);
    free(all.schemes);
    if (status == FM_OK)
        return 0;
    fprintf(stderr, "write_schemes: %s\n", error.message);
    return 1;
}
