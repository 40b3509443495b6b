/* fewmul results: what a store holds, beside the best published ranks. */
#include "command.h"
#include "known_ranks.h"
#include "print.h"

#include <inttypes.h>
#include <string.h>

static struct {
    const char *store;
    bool json;
} arguments;

static const cli_option options[] = {
    {"store", "DIR", CLI_STRING, &arguments.store,
     "the results store [$FEWMUL_STORE, else fewmul-results]"},
    {"json", NULL, CLI_FLAG, &arguments.json, "print a JSON object a line, one for each row"},
    {NULL, NULL, CLI_FLAG, NULL, NULL},
};

/* ---------------------------------------------------------------- rows */

/* A row of the table: the best schemes of one tensor over one ring. */
typedef struct result_row {
    const char *tensor;
    fm_ring ring;
    uint32_t rank;
    size_t schemes;     /* distinct ones of that rank */
    uint32_t published; /* 0 when nothing is known */
    bool same_ring;     /* whether published is for this ring, or for zt, which maps into it */
} result_row;

static void find_published(result_row *row, const fm_tensor *tensor)
{
    bool f2 = row->ring.kind == FM_RING_ZP && row->ring.p == 2;
    fm_known_column column = FM_KNOWN_ZT;
    row->same_ring = row->ring.kind != FM_RING_ZP || f2;
    if (row->ring.kind == FM_RING_Z)
        column = FM_KNOWN_Z;
    else if (row->ring.kind == FM_RING_Q)
        column = FM_KNOWN_Q;
    else if (f2)
        column = FM_KNOWN_F2;
    row->published = fm_known_tensor_rank(tensor, column);
}

/* What to call the tensor of some items: its own name where the library has it, so that no other
   tensor does; the folder's name, which has a part of its hash, for one from a file. */
static const char *display_name(const fm_store_item *item, const fm_tensor *tensor)
{
    fm_tensor *named = NULL;
    const char *name = fm_tensor_name(tensor);
    bool own = fm_tensor_parse_name(name, &named, NULL) == FM_OK &&
               strcmp(fm_tensor_name(named), name) == 0;
    fm_tensor_free(named);
    return own ? name : item->tensor;
}

/* How many items there are of the tensor and ring of items[0]. */
static size_t count_group(const fm_store_item *items, size_t count)
{
    size_t i = 1;
    while (i < count && strcmp(items[i].tensor, items[0].tensor) == 0 &&
           fm_ring_equal(items[i].ring, items[0].ring))
        i++;
    return i;
}

/* A rank is claimed only for a scheme that was read and holds: files that somebody put there are
   named in a message and passed over. Leaves *code alone when there are none, and *proven NULL when
   there is nothing else. */
static size_t skip_unproven(const fm_store *store, const fm_store_item *items, size_t count,
                            fm_scheme **proven, int *code)
{
    size_t i = 0;
    *proven = NULL;
    for (; i < count; i++) {
        fm_error error;
        fm_status status = fm_store_get(store, &items[i], proven, &error);
        if (status == FM_OK)
            break;
        *code = cli_exit_code(status, &error);
    }
    return i;
}

/* The items begin with the one whose scheme was proven. */
static void make_row(const fm_store_item *items, size_t count, const fm_scheme *proven,
                     result_row *row)
{
    const fm_tensor *tensor = fm_scheme_tensor(proven);
    *row = (result_row){
        .tensor = display_name(items, tensor), .ring = items[0].ring, .rank = items[0].rank};
    while (row->schemes < count && items[row->schemes].rank == row->rank)
        row->schemes++;
    find_published(row, tensor);
}

/* ---------------------------------------------------------------- printing */

static void print_header(int width)
{
    printf("%-*s  %-6s %6s %8s %10s\n", width, "format", "ring", "rank", "schemes", "published");
}

static void print_row(const result_row *row, int width)
{
    char ring[FM_RING_NAME_SIZE];
    printf("%-*s  %-6s %6" PRIu32 " %8zu ", width, row->tensor, fm_ring_name(row->ring, ring),
           row->rank, row->schemes);
    if (row->published == 0) {
        printf("%10s\n", "-");
        return;
    }
    printf("%7" PRIu32 "%s  ", row->published, row->same_ring ? "   " : " zt");
    if (row->rank == row->published)
        puts("reached");
    else if (row->rank > row->published)
        printf("+%" PRIu32 "\n", row->rank - row->published);
    else
        printf("%s-%" PRIu32 "\n", row->same_ring ? "RECORD " : "", row->published - row->rank);
}

static void print_row_json(const result_row *row)
{
    char ring[FM_RING_NAME_SIZE];
    json_t *object = json_object();
    bool known = row->published != 0;
    json_object_set_new(object, "format", fm_json_string(row->tensor));
    json_object_set_new(object, "ring", json_string(fm_ring_name(row->ring, ring)));
    json_object_set_new(object, "rank", json_integer(row->rank));
    json_object_set_new(object, "schemes", json_integer((json_int_t)row->schemes));
    json_object_set_new(object, "published", known ? json_integer(row->published) : json_null());
    json_object_set_new(object, "published_ring",
                        known ? json_string(row->same_ring ? ring : "zt") : json_null());
    json_object_set_new(object, "record",
                        json_boolean(known && row->same_ring && row->rank < row->published));
    cli_print_json(object);
}

static int print_results(const fm_store *store, const fm_store_item *items, size_t count)
{
    int width = 8, code = CLI_DONE;
    for (size_t i = 0; i < count; i++)
        if ((int)strlen(items[i].tensor) > width)
            width = (int)strlen(items[i].tensor);
    if (!arguments.json)
        print_header(width);
    for (size_t i = 0, end; i < count; i = end) {
        result_row row;
        fm_scheme *proven;
        end = i + count_group(items + i, count - i);
        i += skip_unproven(store, items + i, end - i, &proven, &code);
        if (i == end)
            continue;
        make_row(items + i, end - i, proven, &row);
        if (arguments.json)
            print_row_json(&row);
        else
            print_row(&row, width);
        fm_scheme_free(proven);
    }
    return code;
}

/* ---------------------------------------------------------------- the command */

static int run(size_t count, char **operands)
{
    fm_error error;
    fm_store *store = NULL;
    fm_store_item *items = NULL;
    size_t item_count = 0;
    if (count > 0 && arguments.store != NULL)
        return cli_error("--store: the store is already given as '%s'", operands[0]);
    const char *folder = count > 0 ? operands[0] : arguments.store;
    if (folder == NULL)
        folder = cli_default_store();
    fm_status status = fm_store_open(folder, false, &store, &error);
    if (status == FM_OK)
        status = fm_store_list(store, &items, &item_count, &error);
    int code = cli_exit_code(status, &error);
    if (status == FM_OK && item_count > 0)
        code = print_results(store, items, item_count);
    else if (status == FM_OK && !arguments.json)
        printf("%s: the store is empty\n", folder);
    fm_store_list_free(items, item_count);
    fm_store_close(store);
    return code;
}

const cli_command cli_command_results = {
    .name = "results",
    .operands = "[DIR]",
    .summary = "what a store holds beside the best published ranks",
    .details =
        "Prints a row for each tensor and ring of a results store: the best rank found, how many\n"
        "distinct schemes have it, and the best rank that was published for that tensor, a format "
        "in any\n"
        "order, over that ring: reached, +k for k above it, or RECORD -k for k below it. One "
        "scheme\n"
        "of that rank is verified again; a file that is not what its path says is an error. Over "
        "f3\n"
        "and other primes no table is known; there the published rank is that over zt, marked so,\n"
        "and nothing is called a record. Tensors that 'fewmul tensor --list' names are compared "
        "too,\n"
        "others are not.\n\n"
        "  fewmul results\n"
        "  fewmul results --json my-store",
    .options = options,
    .operands_min = 0,
    .operands_max = 1,
    .run = run,
};
