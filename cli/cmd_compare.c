/* fewmul compare: are schemes the same up to the symmetries of the matrix product? */
#include "command.h"
#include "error.h"
#include "input.h"
#include "memory.h"
#include "print.h"
#include "scheme.h"
#include "steps.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static struct {
    cli_reading reading;
    uint64_t steps;
    bool count, exact, stabilizer, json;
} arguments = {.reading.ring = CLI_NO_RING};

static const cli_option options[] = {
    {"count", NULL, CLI_FLAG, &arguments.count, "sort many schemes into classes by invariants"},
    {"exact", NULL, CLI_FLAG, &arguments.exact, "with --count: search for transformations too"},
    {"stabilizer", NULL, CLI_FLAG, &arguments.stabilizer,
     "the transformations of each scheme into itself"},
    CLI_FORMAT_OPTION(arguments.reading),
    CLI_TRANSPOSED_OPTION(arguments.reading),
    {"ring", "R", CLI_RING, &arguments.reading.ring, "compare in this ring [the schemes' own]"},
    {"steps", "N", CLI_COUNT, &arguments.steps, "give up after so many matches of products [1M]"},
    {"json", NULL, CLI_FLAG, &arguments.json, "print JSON objects, one a line"},
    {NULL, NULL, CLI_FLAG, NULL, NULL},
};

/* ---------------------------------------------------------------- schemes of files and folders */

typedef struct entry {
    fm_scheme *scheme;
    char *file, *label;
    size_t index; /* in the file */
    char invariant[FM_HASH_SIZE];
    size_t class;
} entry;

typedef struct entry_list {
    size_t count, capacity;
    entry *entries;
    int worst; /* exit code so far */
} entry_list;

static void note_exit_code(entry_list *list, int code)
{
    list->worst = code > list->worst ? code : list->worst;
}

static void push(entry_list *list, const entry *e)
{
    list->entries = fm_grow(list->entries, list->count, &list->capacity, sizeof *list->entries);
    list->entries[list->count++] = *e;
}

/* A file, its schemes in the ring that was asked for, and what is to be said of others, in its turn. */
typedef struct part {
    entry_list list;
    FILE *messages;
    char *text;
    size_t size;
} part;

static void refuse(part *p, const char *label, const fm_error *error)
{
    fprintf(p->messages, "fewmul: %s%s%s\n", label, *label != '\0' ? ": " : "", error->message);
    note_exit_code(&p->list, CLI_WRONG);
}

/* Appends a scheme if it holds. */
static void add_scheme(part *p, const char *path, const fm_scheme_list *file, size_t index)
{
    fm_error error;
    fm_verdict verdict = {0};
    entry e = {.index = index, .label = cli_list_label(path, file, index)};
    const fm_scheme *read = file->schemes[index];
    const fm_ring *told = arguments.reading.options.ring;
    fm_ring ring = told != NULL ? *told : read->ring;
    fm_status status = fm_scheme_to_ring(read, ring, &e.scheme, &error);
    if (status == FM_OK)
        status = fm_verify(e.scheme, e.scheme->tensor, ring, &verdict, &error);
    fm_verdict_clear(&verdict);
    if (status == FM_OK) {
        e.file = fm_strdup(path);
        push(&p->list, &e);
        return;
    }
    refuse(p, e.label, &error);
    fm_scheme_free(e.scheme);
    free(e.label);
}

static void read_part(part *p, const char *path)
{
    fm_error error;
    fm_scheme_list file;
    *p = (part){.list.worst = CLI_DONE};
    p->messages = open_memstream(&p->text, &p->size);
    fm_status status = fm_scheme_read_as(path, &arguments.reading.options, &file, &error);
    if (status != FM_OK)
        refuse(p, "", &error);
    for (size_t s = 0; status == FM_OK && s < file.count; s++)
        add_scheme(p, path, &file, s);
    if (status == FM_OK)
        fm_scheme_list_free(&file);
    fclose(p->messages);
}

/* Adds a part to the list, and says what is to be said. */
static void end_part(part *p, entry_list *list)
{
    fwrite(p->text, 1, p->size, stderr);
    note_exit_code(list, p->list.worst);
    for (size_t i = 0; i < p->list.count; i++)
        push(list, &p->list.entries[i]);
    free(p->list.entries);
    free(p->text);
}

/* The operands and, of folders, the files below that are schemes. */
static void read_operands(entry_list *list, size_t count, char **operands)
{
    fm_error error;
    cli_files files;
    fm_status status = cli_files_find(count, operands, &files, &error);
    if (status != FM_OK) {
        note_exit_code(list, cli_exit_code(status, &error));
        return;
    }
    cli_steps steps = cli_steps_begin("files read", files.count);
#pragma omp parallel for ordered schedule(dynamic) if (files.count > 1)
    for (size_t f = 0; f < files.count; f++) {
        part p;
        read_part(&p, files.paths[f]);
        cli_steps_add(&steps);
#pragma omp ordered
        end_part(&p, list);
    }
    cli_steps_end(&steps);
    cli_files_free(&files);
}

static void entry_list_clear(entry_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        fm_scheme_free(list->entries[i].scheme);
        free(list->entries[i].file);
        free(list->entries[i].label);
    }
    free(list->entries);
}

/* ---------------------------------------------------------------- transformations */

static void print_matrix(const fm_transformation *t, unsigned which)
{
    uint32_t size = fm_transformation_size(t, which);
    printf("  %c = [", "XYZ"[which]);
    for (uint32_t i = 0; i < size; i++) {
        printf("%s[", i > 0 ? ", " : "");
        for (uint32_t j = 0; j < size; j++) {
            char *entry_text = fm_transformation_entry(t, which, i, j);
            printf("%s%s", j > 0 ? ", " : "", entry_text);
            free(entry_text);
        }
        putchar(']');
    }
    puts("]");
}

static void print_transformation(const fm_transformation *t, uint32_t rank)
{
    unsigned shift = fm_transformation_shift(t);
    if (shift == 1)
        puts("  (U, V, W) -> (V, W^T, U^T)");
    if (shift == 2)
        puts("  (U, V, W) -> (W^T, U, V^T)");
    if (fm_transformation_transposed(t))
        puts("  (U, V, W) -> (W, V^T, U)");
    puts("  (U, V, W) -> (X U Y^-1, Y V Z^-1, X^-T W Z^T)");
    for (unsigned which = 0; which < 3; which++)
        print_matrix(t, which);
    printf("  products 1 to %u become", rank);
    for (uint32_t r = 0; r < rank; r++)
        printf(" %u", fm_transformation_product(t, r) + 1);
    putchar('\n');
}

static json_t *matrix_json(const fm_transformation *t, unsigned which)
{
    uint32_t size = fm_transformation_size(t, which);
    json_t *rows = json_array();
    for (uint32_t i = 0; i < size; i++) {
        json_t *row = json_array();
        for (uint32_t j = 0; j < size; j++) {
            char *text = fm_transformation_entry(t, which, i, j), *end;
            long long value = strtoll(text, &end, 10);
            bool exact = *end == '\0' && llabs(value) < 1LL << 53;
            json_array_append_new(row, exact ? json_integer(value) : json_string(text));
            free(text);
        }
        json_array_append_new(rows, row);
    }
    return rows;
}

static json_t *transformation_json(const fm_transformation *t, uint32_t rank)
{
    static const char *const names[] = {"x", "y", "z"};
    if (t == NULL)
        return json_null();
    json_t *object = json_object(), *products = json_array();
    json_object_set_new(object, "shift", json_integer(fm_transformation_shift(t)));
    json_object_set_new(object, "transposed", json_boolean(fm_transformation_transposed(t)));
    for (unsigned which = 0; which < 3; which++)
        json_object_set_new(object, names[which], matrix_json(t, which));
    for (uint32_t r = 0; r < rank; r++)
        json_array_append_new(products, json_integer(fm_transformation_product(t, r)));
    json_object_set_new(object, "products", products);
    return object;
}

static void set_file(json_t *object, const entry *e)
{
    json_object_set_new(object, "file", fm_json_string(e->file));
    json_object_set_new(object, "index", json_integer((json_int_t)e->index));
}

/* ---------------------------------------------------------------- two schemes */

static void print_comparison_json(const entry *a, const entry *b, const fm_comparison *c)
{
    json_t *object = json_object(), *sides = json_array();
    for (int side = 0; side < 2; side++) {
        json_t *file = json_object();
        set_file(file, side == 0 ? a : b);
        json_array_append_new(sides, file);
    }
    json_object_set_new(object, "schemes", sides);
    json_object_set_new(object, "equivalent",
                        c->decided ? json_boolean(c->equivalent) : json_null());
    json_object_set_new(object, "reason", c->equivalent ? json_null() : json_string(c->reason));
    json_object_set_new(object, "transformation",
                        transformation_json(c->transformation, a->scheme->rank));
    json_object_set_new(object, "steps", json_integer((json_int_t)c->steps));
    cli_print_json(object);
}

static void print_comparison(const entry *a, const entry *b, const fm_comparison *c)
{
    printf("%s and %s: ", a->label, b->label);
    if (!c->equivalent) {
        printf("%s: %s\n", c->decided ? "not equivalent" : "not decided", c->reason);
        return;
    }
    puts("equivalent");
    if (c->transformation != NULL)
        print_transformation(c->transformation, a->scheme->rank);
    else
        puts("  by order and scaling");
}

static int compare_two(entry_list *list)
{
    fm_comparison comparison;
    fm_error error;
    if (list->worst != CLI_DONE)
        return list->worst;
    if (list->count != 2)
        return cli_error("compare takes two schemes and got %zu; see --count", list->count);
    const entry *a = &list->entries[0], *b = &list->entries[1];
    fm_status status =
        fm_scheme_equivalent(a->scheme, b->scheme, arguments.steps, &comparison, &error);
    if (status != FM_OK && status != FM_NO)
        return cli_exit_code(status, &error);
    if (arguments.json)
        print_comparison_json(a, b, &comparison);
    else
        print_comparison(a, b, &comparison);
    fm_comparison_clear(&comparison);
    return cli_exit_code(status, &error);
}

/* ---------------------------------------------------------------- classes */

static int compare_entries(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->class != y->class)
        return x->class < y->class ? -1 : 1;
    int order = strcmp(x->invariant, y->invariant);
    if (order == 0)
        order = strcmp(x->file, y->file);
    return order != 0 ? order : (x->index > y->index) - (x->index < y->index);
}

/* Compares entry i with the representatives of the classes that share its invariant: its class is one
   of theirs or a new one. Returns whether that was not decided for some class. */
static bool place(entry *entries, size_t i, size_t *representative, size_t *count, size_t *classes)
{
    bool open = false;
    for (size_t j = 0; j < *count; j++) {
        fm_comparison c;
        const entry *other = &entries[representative[j]];
        fm_scheme_equivalent(other->scheme, entries[i].scheme, arguments.steps, &c, NULL);
        bool same = c.equivalent;
        open = open || !c.decided;
        fm_comparison_clear(&c);
        entries[i].class = other->class;
        if (same)
            return false;
    }
    entries[i].class = (*classes)++;
    representative[(*count)++] = i;
    return open;
}

static void find_invariants(entry_list *list)
{
    cli_steps steps = cli_steps_begin("invariants", list->count);
#pragma omp parallel for schedule(dynamic)
    for (size_t i = 0; i < list->count; i++) {
        fm_scheme_invariant(list->entries[i].scheme, list->entries[i].invariant);
        cli_steps_add(&steps);
    }
    cli_steps_end(&steps);
}

/* Numbers the classes, sorts by them, and returns how many there are by invariants. With --exact,
   *classes may be larger, and *open schemes may belong to another class. */
static size_t classify(entry_list *list, size_t *classes, size_t *open)
{
    size_t lower = 0, count = 0;
    entry *e = list->entries;
    size_t *representative = fm_alloc(list->count, sizeof *representative);
    *classes = *open = 0;
    find_invariants(list);
    if (list->count > 0)
        qsort(e, list->count, sizeof *e, compare_entries);
    cli_steps steps = cli_steps_begin("schemes compared", arguments.exact ? list->count : 0);
    for (size_t i = 0; i < list->count; i++) {
        bool starts = i == 0 || strcmp(e[i].invariant, e[i - 1].invariant) != 0;
        count = starts ? 0 : count;
        lower += starts;
        if (arguments.exact)
            *open += place(e, i, representative, &count, classes);
        else
            e[i].class = starts ? (*classes)++ : e[i - 1].class;
        cli_steps_add(&steps);
    }
    cli_steps_end(&steps);
    if (list->count > 0)
        qsort(e, list->count, sizeof *e, compare_entries);
    free(representative);
    return lower;
}

static void print_class(const entry *e, size_t count)
{
    char ring[FM_RING_NAME_SIZE];
    printf("class %zu: %s, rank %u, %s, invariant %.16s, %zu scheme%s, first %s\n", e->class + 1,
           fm_tensor_name(e->scheme->tensor), e->scheme->rank, fm_ring_name(e->scheme->ring, ring),
           e->invariant, count, count == 1 ? "" : "s", e->label);
}

static void print_class_json(const entry *e, size_t count)
{
    char ring[FM_RING_NAME_SIZE];
    json_t *object = json_object(), *schemes = json_array();
    json_object_set_new(object, "class", json_integer((json_int_t)e->class));
    json_object_set_new(object, "format", fm_json_string(fm_tensor_name(e->scheme->tensor)));
    json_object_set_new(object, "ring", json_string(fm_ring_name(e->scheme->ring, ring)));
    json_object_set_new(object, "rank", json_integer(e->scheme->rank));
    json_object_set_new(object, "invariant", json_string(e->invariant));
    for (size_t i = 0; i < count; i++) {
        json_t *file = json_object();
        set_file(file, &e[i]);
        json_array_append_new(schemes, file);
    }
    json_object_set_new(object, "schemes", schemes);
    cli_print_json(object);
}

static void print_summary(const entry_list *list, size_t lower, size_t classes, size_t open)
{
    if (arguments.json) {
        json_t *object = json_object();
        bool exact = arguments.exact && open == 0;
        json_object_set_new(object, "schemes", json_integer((json_int_t)list->count));
        json_object_set_new(object, "at_least",
                            json_integer((json_int_t)(exact ? classes : lower)));
        json_object_set_new(object, "at_most",
                            json_integer((json_int_t)(arguments.exact ? classes : list->count)));
        cli_print_json(object);
        return;
    }
    printf("%zu scheme%s, ", list->count, list->count == 1 ? "" : "s");
    if (arguments.exact && open == 0)
        printf("%zu class%s, exactly\n", classes, classes == 1 ? "" : "es");
    else if (arguments.exact)
        printf("%zu to %zu classes: %zu not decided\n", lower, classes, open);
    else
        printf("at least %zu class%s: equal invariants do not prove equivalence\n", classes,
               classes == 1 ? "" : "es");
}

static int count_classes(entry_list *list)
{
    size_t classes, open, lower = classify(list, &classes, &open);
    for (size_t i = 0, end; i < list->count; i = end) {
        const entry *e = &list->entries[i];
        for (end = i + 1; end < list->count && list->entries[end].class == e->class;)
            end++;
        if (arguments.json)
            print_class_json(e, end - i);
        else
            print_class(e, end - i);
    }
    print_summary(list, lower, classes, open);
    return list->worst;
}

/* ---------------------------------------------------------------- stabilizers */

static void print_stabilizer(const entry *e, const fm_stabilizer *s)
{
    printf("%s: %s, rank %u, stabilizer ", e->label, fm_tensor_name(e->scheme->tensor),
           e->scheme->rank);
    if (!s->finite)
        fputs("infinite", stdout);
    else if (s->order == 0)
        fputs("of an order above 2^64", stdout);
    else
        printf("of order %s%" PRIu64, s->complete ? "" : "at least ", s->order);
    printf("; %zu generator%s\n", s->generator_count, s->generator_count == 1 ? "" : "s");
    for (size_t g = 0; g < s->generator_count; g++) {
        printf(" generator %zu\n", g + 1);
        print_transformation(s->generators[g], e->scheme->rank);
    }
}

static void print_stabilizer_json(const entry *e, const fm_stabilizer *s)
{
    json_t *object = json_object(), *generators = json_array();
    set_file(object, e);
    json_object_set_new(object, "finite", json_boolean(s->finite));
    json_object_set_new(object, "complete", json_boolean(s->complete));
    json_object_set_new(object, "order", s->order != 0 ? cli_json_seed(s->order) : json_null());
    for (size_t g = 0; g < s->generator_count; g++)
        json_array_append_new(generators, transformation_json(s->generators[g], e->scheme->rank));
    json_object_set_new(object, "generators", generators);
    cli_print_json(object);
}

static int find_stabilizers(entry_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        fm_stabilizer stabilizer;
        fm_error error, placed;
        const entry *e = &list->entries[i];
        fm_status status = fm_scheme_stabilizer(e->scheme, arguments.steps, &stabilizer, &error);
        if (status != FM_OK) {
            fm_fail(&placed, status, "%s: %s", e->label, error.message);
            note_exit_code(list, cli_exit_code(status, &placed));
            continue;
        }
        if (arguments.json)
            print_stabilizer_json(e, &stabilizer);
        else
            print_stabilizer(e, &stabilizer);
        fm_stabilizer_clear(&stabilizer);
    }
    return list->worst;
}

/* ---------------------------------------------------------------- the command */

static int run(size_t count, char **operands)
{
    if (arguments.count && arguments.stabilizer)
        return cli_error("--count and --stabilizer exclude each other");
    if (arguments.exact && !arguments.count)
        return cli_error("--exact goes with --count; two schemes are always compared exactly");
    entry_list list = {0};
    int code = cli_reading_begin(&arguments.reading);
    if (code != CLI_DONE)
        return code;
    read_operands(&list, count, operands);
    if (arguments.count)
        code = count_classes(&list);
    else if (arguments.stabilizer)
        code = find_stabilizers(&list);
    else
        code = compare_two(&list);
    entry_list_clear(&list);
    cli_reading_end(&arguments.reading);
    return code;
}

const cli_command cli_command_compare = {
    .name = "compare",
    .operands = "FILE|FOLDER...",
    .summary = "are schemes the same up to symmetry?",
    .details =
        "Says whether two schemes (of two files or of one) are equal up to the order of their\n"
        "products, scaling, changes of basis, and the cyclic shifts and transpositions of the "
        "three\n"
        "factors that lead from one format to the other. Invariants are compared first; then a\n"
        "transformation is searched, printed, and checked: it was applied to the first scheme and\n"
        "gave the second. Fields are that of the ring, or q for zt, z and q.\n\n"
        "  fewmul compare a.json b.json\n"
        "  fewmul compare --count results/3x3x3\n"
        "  fewmul compare --stabilizer strassen.json\n\n"
        "--count sorts schemes, of files and folders as 'fewmul verify' reads them, into classes "
        "by\n"
        "invariants: a lower bound of the number of classes. On a terminal it shows how far it is. "
        "With\n"
        "--exact those with equal invariants are\n"
        "compared one by one. --stabilizer gives the order of the group of all transformations of\n"
        "a scheme into itself, X, Y and Z up to scalars, with generators.\n\n"
        "With --json, two schemes give equivalent (true, false, null when it was not decided),\n"
        "reason, transformation and steps; classes one object each and one with schemes, at_least\n"
        "and at_most; products are numbered from 0.\n\n"
        "Exit code 0: equivalent; 1: not, or no transformation was found in the given steps; the\n"
        "output says which; 2: something could not be read or does not hold.",
    .options = options,
    .operands_min = 1,
    .operands_max = SIZE_MAX,
    .run = run,
};
