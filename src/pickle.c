#include "pickle.h"

#include "error.h"
#include "memory.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* NumPy makes some 30 values for an array; more than this is not what is read here. */
enum { VALUES_MAX = 1024 };

typedef enum value_kind {
    VALUE_MARK,
    VALUE_NONE,
    VALUE_BOOL,
    VALUE_INTEGER,
    VALUE_BYTES,
    VALUE_TEXT,
    VALUE_TUPLE,
    VALUE_LIST,
    VALUE_NAME,
    VALUE_TYPE,
    VALUE_ARRAY,
} value_kind;

typedef enum known_name { NAME_RECONSTRUCT, NAME_NDARRAY, NAME_DTYPE } known_name;

static const struct {
    const char *module, *name;
    known_name means;
} known_names[] = {
    {"numpy.core.multiarray", "_reconstruct", NAME_RECONSTRUCT},
    {"numpy._core.multiarray", "_reconstruct", NAME_RECONSTRUCT}, /* NumPy 2 */
    {"numpy", "ndarray", NAME_NDARRAY},
    {"numpy", "dtype", NAME_DTYPE},
};

typedef struct value {
    value_kind kind;
    int64_t number;       /* bool, integer, name */
    const uint8_t *bytes; /* bytes, text */
    size_t size;          /* bytes, text, tuple, list */
    struct value **items; /* tuple, list: in the room of the machine */
    bool is_set;          /* type, array, list: once */
    fm_array array;       /* type: kind, item_size, is_big_endian */
} value;

typedef struct machine {
    const uint8_t *start, *at, *end;
    value values[VALUES_MAX];
    size_t value_count;
    value *items[2 * VALUES_MAX]; /* of tuples and lists */
    size_t item_count;
    value *stack[VALUES_MAX];
    size_t depth;
    value *memo[VALUES_MAX];
    size_t memo_count; /* of MEMOIZE */
    bool has_stopped;
    fm_error *error;
} machine;

__attribute__((format(printf, 2, 3))) static bool refuse(machine *m, const char *format, ...)
{
    char reason[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    fm_fail(m->error, FM_BAD_INPUT, "object array: %s", reason);
    return false;
}

static bool is_odd(machine *m)
{
    return refuse(m, "byte %zu of the pickle: not the way in which NumPy saves arrays",
                  (size_t)(m->at - m->start));
}

/* ---------------------------------------------------------------- bytes, stack, memo */

static bool take_bytes(machine *m, uint64_t size, const uint8_t **out)
{
    if (size > (uint64_t)(m->end - m->at))
        return refuse(m, "the pickle ends too early");
    *out = m->at;
    m->at += size;
    return true;
}

/* A little-endian number of some bytes. */
static bool take_number(machine *m, unsigned size, uint64_t *out)
{
    const uint8_t *bytes = NULL;
    if (!take_bytes(m, size, &bytes))
        return false;
    *out = 0;
    for (unsigned i = size; i > 0; i--)
        *out = *out << 8 | bytes[i - 1];
    return true;
}

static bool push(machine *m, value *v)
{
    if (m->depth == VALUES_MAX)
        return refuse(m, "the pickle has more values than such arrays need");
    m->stack[m->depth++] = v;
    return true;
}

static bool push_new(machine *m, value v)
{
    if (m->value_count == VALUES_MAX)
        return refuse(m, "the pickle has more values than such arrays need");
    m->values[m->value_count] = v;
    return push(m, &m->values[m->value_count++]);
}

/* The value that is depth below the top; NULL when there is none or a mark before it. */
static value *below(const machine *m, size_t depth)
{
    if (depth >= m->depth)
        return NULL;
    for (size_t d = 0; d <= depth; d++)
        if (m->stack[m->depth - 1 - d]->kind == VALUE_MARK)
            return NULL;
    return m->stack[m->depth - 1 - depth];
}

static bool remember(machine *m, uint64_t place)
{
    value *top = below(m, 0);
    if (place >= VALUES_MAX || top == NULL)
        return is_odd(m);
    m->memo[place] = top;
    return true;
}

static bool recall(machine *m, uint64_t place)
{
    if (place >= VALUES_MAX || m->memo[place] == NULL)
        return is_odd(m);
    return push(m, m->memo[place]);
}

/* ---------------------------------------------------------------- tuples and lists */

/* Moves the top count values of the stack into the room for items. */
static bool pop_items(machine *m, size_t count, value ***items)
{
    if (m->item_count + count > 2 * VALUES_MAX)
        return refuse(m, "the pickle has more values than such arrays need");
    *items = m->items + m->item_count;
    memcpy(*items, m->stack + m->depth - count, count * sizeof **items);
    m->item_count += count;
    m->depth -= count;
    return true;
}

static bool make_tuple(machine *m, size_t count)
{
    value tuple = {.kind = VALUE_TUPLE, .size = count};
    if (count > 0 && below(m, count - 1) == NULL)
        return is_odd(m);
    return pop_items(m, count, &tuple.items) && push_new(m, tuple);
}

/* How many values are above the last mark, which is taken away from below them. */
static bool take_mark(machine *m, size_t *count)
{
    size_t mark = m->depth;
    while (mark > 0 && m->stack[mark - 1]->kind != VALUE_MARK)
        mark--;
    if (mark == 0)
        return is_odd(m);
    *count = m->depth - mark;
    memmove(m->stack + mark - 1, m->stack + mark, *count * sizeof *m->stack);
    m->depth--;
    return true;
}

/* Three arrays come at once, so a list is filled once. */
static bool append(machine *m, size_t count)
{
    value *list = below(m, count);
    if (list == NULL || list->kind != VALUE_LIST || list->is_set)
        return is_odd(m);
    list->is_set = true;
    list->size = count;
    return pop_items(m, count, &list->items);
}

/* ---------------------------------------------------------------- names */

static bool push_name(machine *m, const char *module, size_t module_size, const char *name,
                      size_t name_size)
{
    for (size_t k = 0; k < sizeof known_names / sizeof known_names[0]; k++)
        if (strlen(known_names[k].module) == module_size &&
            memcmp(known_names[k].module, module, module_size) == 0 &&
            strlen(known_names[k].name) == name_size &&
            memcmp(known_names[k].name, name, name_size) == 0)
            return push_new(m, (value){.kind = VALUE_NAME, .number = known_names[k].means});
    return refuse(m,
                  "the pickle names %.*s.%.*s; nothing but NumPy's plain arrays is read, and "
                  "nothing is called",
                  (int)(module_size < 60 ? module_size : 60), module,
                  (int)(name_size < 60 ? name_size : 60), name);
}

/* Two lines: a module and a name in it. */
static bool take_name(machine *m)
{
    const uint8_t *line[2], *stop[2];
    for (int i = 0; i < 2; i++) {
        line[i] = m->at;
        stop[i] = memchr(m->at, '\n', (size_t)(m->end - m->at));
        if (stop[i] == NULL)
            return refuse(m, "the pickle ends too early");
        m->at = stop[i] + 1;
    }
    return push_name(m, (const char *)line[0], (size_t)(stop[0] - line[0]), (const char *)line[1],
                     (size_t)(stop[1] - line[1]));
}

static bool name_from_stack(machine *m)
{
    const value *module = below(m, 1), *name = below(m, 0);
    if (module == NULL || module->kind != VALUE_TEXT || name->kind != VALUE_TEXT)
        return is_odd(m);
    m->depth -= 2;
    return push_name(m, (const char *)module->bytes, module->size, (const char *)name->bytes,
                     name->size);
}

/* ---------------------------------------------------------------- arrays and their types */

static bool is_name(const value *v, known_name name)
{
    return v->kind == VALUE_NAME && v->number == name;
}

/* dtype("i4", False, True) */
static bool make_type(machine *m, const value *arguments)
{
    value type = {.kind = VALUE_TYPE};
    char text[16];
    value **items = arguments->items;
    if (arguments->size != 3 || items[0]->kind != VALUE_TEXT || items[0]->size >= sizeof text ||
        items[1]->kind != VALUE_BOOL || items[2]->kind != VALUE_BOOL)
        return is_odd(m);
    memcpy(text, items[0]->bytes, items[0]->size);
    text[items[0]->size] = '\0';
    return fm_array_set_type(&type.array, text, m->error) == FM_OK && push_new(m, type);
}

/* _reconstruct(ndarray, (0,), b"b"): an array to be set later. */
static bool make_array(machine *m, const value *arguments)
{
    if (arguments->size != 3 || !is_name(arguments->items[0], NAME_NDARRAY) ||
        arguments->items[1]->kind != VALUE_TUPLE || arguments->items[2]->kind != VALUE_BYTES)
        return is_odd(m);
    return push_new(m, (value){.kind = VALUE_ARRAY});
}

static bool reduce(machine *m)
{
    const value *callable = below(m, 1), *arguments = below(m, 0);
    if (callable == NULL || arguments->kind != VALUE_TUPLE)
        return is_odd(m);
    m->depth -= 2;
    if (is_name(callable, NAME_RECONSTRUCT))
        return make_array(m, arguments);
    if (is_name(callable, NAME_DTYPE))
        return make_type(m, arguments);
    return is_odd(m);
}

/* (3, "<", None, None, None, -1, -1, 0): the byte order is what matters. */
static bool set_type(machine *m, value *type, const value *state)
{
    if (state->size < 8 || state->items[0]->kind != VALUE_INTEGER || state->items[0]->number != 3 ||
        state->items[1]->kind != VALUE_TEXT || state->items[1]->size != 1)
        return is_odd(m);
    for (size_t i = 2; i < 5; i++)
        if (state->items[i]->kind != VALUE_NONE)
            return is_odd(m);
    char order = (char)state->items[1]->bytes[0];
    type->array.is_big_endian =
        order == '>' || (order != '<' && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
    return true;
}

static bool set_shape(machine *m, fm_array *array, const value *tuple, bool is_fortran)
{
    size_t shape[FM_ARRAY_DIMENSIONS_MAX];
    if (tuple->kind != VALUE_TUPLE || tuple->size > FM_ARRAY_DIMENSIONS_MAX)
        return is_odd(m);
    for (size_t d = 0; d < tuple->size; d++) {
        if (tuple->items[d]->kind != VALUE_INTEGER || tuple->items[d]->number < 0)
            return is_odd(m);
        shape[d] = (size_t)tuple->items[d]->number;
    }
    return fm_array_set_shape(array, shape, tuple->size, is_fortran, m->error) == FM_OK;
}

static bool set_objects(machine *m, fm_array *array, const value *list)
{
    if (list->kind != VALUE_LIST || list->size != array->count)
        return is_odd(m);
    if (list->size > FM_ARRAY_OBJECTS_MAX)
        return refuse(m, "%zu objects; read are three arrays, U, V and W", list->size);
    for (size_t i = 0; i < list->size; i++)
        if (list->items[i]->kind != VALUE_ARRAY || !list->items[i]->is_set ||
            !fm_array_has_numbers(&list->items[i]->array))
            return refuse(m, "object %zu is no array of numbers", i);
    fm_array *items = fm_alloc(list->size, sizeof *items);
    for (size_t i = 0; i < list->size; i++)
        items[i] = list->items[i]->array;
    array->items = items;
    return true;
}

/* (1, (4, 7), dtype, False, bytes or list) */
static bool set_array(machine *m, value *target, const value *state)
{
    fm_array *array = &target->array;
    if (state->size != 5 || state->items[0]->kind != VALUE_INTEGER ||
        state->items[0]->number != 1 || state->items[2]->kind != VALUE_TYPE ||
        state->items[3]->kind != VALUE_BOOL)
        return is_odd(m);
    const value *data = state->items[4];
    *array = state->items[2]->array;
    if (!set_shape(m, array, state->items[1], state->items[3]->number != 0))
        return false;
    if (array->kind == 'O')
        return set_objects(m, array, data);
    if (data->kind != VALUE_BYTES || data->size != array->count * array->item_size)
        return is_odd(m);
    array->data = data->bytes;
    return true;
}

static bool build(machine *m)
{
    value *target = below(m, 1);
    const value *state = below(m, 0);
    if (target == NULL || target->is_set || state->kind != VALUE_TUPLE)
        return is_odd(m);
    m->depth--;
    target->is_set = true;
    if (target->kind == VALUE_TYPE)
        return set_type(m, target, state);
    return target->kind == VALUE_ARRAY ? set_array(m, target, state) : is_odd(m);
}

/* ---------------------------------------------------------------- operations */

/* Text or bytes behind their length, a number of length_size bytes. */
static bool take_string(machine *m, value_kind kind, unsigned length_size)
{
    value string = {.kind = kind};
    uint64_t size = 0;
    if (!take_number(m, length_size, &size) || !take_bytes(m, size, &string.bytes))
        return false;
    string.size = (size_t)size;
    return push_new(m, string);
}

static bool take_integer(machine *m, unsigned size)
{
    uint64_t number = 0;
    if (!take_number(m, size, &number))
        return false;
    int64_t integer = size == 4 ? (int32_t)(uint32_t)number : (int64_t)number;
    return push_new(m, (value){.kind = VALUE_INTEGER, .number = integer});
}

static bool step_values(machine *m, uint8_t operation)
{
    switch (operation) {
    case 'K': /* BININT1, BININT2, BININT */
        return take_integer(m, 1);
    case 'M':
        return take_integer(m, 2);
    case 'J':
        return take_integer(m, 4);
    case 0x8c: /* SHORT_BINUNICODE, BINUNICODE */
        return take_string(m, VALUE_TEXT, 1);
    case 'X':
        return take_string(m, VALUE_TEXT, 4);
    case 'C': /* SHORT_BINBYTES, BINBYTES, BINBYTES8 */
        return take_string(m, VALUE_BYTES, 1);
    case 'B':
        return take_string(m, VALUE_BYTES, 4);
    case 0x8e:
        return take_string(m, VALUE_BYTES, 8);
    case 'N':
        return push_new(m, (value){.kind = VALUE_NONE});
    case 0x88: /* NEWTRUE, NEWFALSE */
    case 0x89:
        return push_new(m, (value){.kind = VALUE_BOOL, .number = operation == 0x88});
    case 'c': /* GLOBAL, STACK_GLOBAL */
        return take_name(m);
    case 0x93:
        return name_from_stack(m);
    default:
        return refuse(m,
                      "byte %zu of the pickle: operation 0x%02x, which plain arrays of numbers do "
                      "not need",
                      (size_t)(m->at - 1 - m->start), operation);
    }
}

static bool step_structure(machine *m, uint8_t operation)
{
    size_t count = 0;
    switch (operation) {
    case '(': /* MARK */
        return push_new(m, (value){.kind = VALUE_MARK});
    case 't': /* TUPLE, EMPTY_TUPLE, TUPLE1, TUPLE2, TUPLE3 */
        return take_mark(m, &count) && make_tuple(m, count);
    case ')':
        return make_tuple(m, 0);
    case 0x85:
    case 0x86:
    case 0x87:
        return make_tuple(m, operation - 0x84u);
    case ']': /* EMPTY_LIST, APPEND, APPENDS */
        return push_new(m, (value){.kind = VALUE_LIST});
    case 'a':
        return append(m, 1);
    case 'e':
        return take_mark(m, &count) && append(m, count);
    case 'R':
        return reduce(m);
    case 'b':
        return build(m);
    default:
        return step_values(m, operation);
    }
}

static bool step(machine *m)
{
    uint64_t number = 0;
    uint8_t operation = *m->at++;
    switch (operation) {
    case 0x80: /* PROTO, FRAME: nothing to do */
        return take_number(m, 1, &number);
    case 0x95:
        return take_number(m, 8, &number);
    case 'q': /* BINPUT, LONG_BINPUT, MEMOIZE */
        return take_number(m, 1, &number) && remember(m, number);
    case 'r':
        return take_number(m, 4, &number) && remember(m, number);
    case 0x94:
        return remember(m, m->memo_count++);
    case 'h': /* BINGET, LONG_BINGET */
        return take_number(m, 1, &number) && recall(m, number);
    case 'j':
        return take_number(m, 4, &number) && recall(m, number);
    case '.':
        m->has_stopped = true;
        return true;
    default:
        return step_structure(m, operation);
    }
}

/* Whether the machine ended with one object array of the shape in the header. */
static bool take_result(machine *m, fm_array *array)
{
    const value *top = below(m, 0);
    if (m->at != m->end)
        return refuse(m, "%zu bytes follow the pickle", (size_t)(m->end - m->at));
    if (m->depth != 1 || top == NULL || top->kind != VALUE_ARRAY || top->array.items == NULL ||
        top->array.dimension_count != array->dimension_count ||
        memcmp(top->array.shape, array->shape, array->dimension_count * sizeof *array->shape) != 0)
        return is_odd(m);
    array->items = fm_alloc(top->array.count, sizeof *array->items);
    memcpy(array->items, top->array.items, top->array.count * sizeof *array->items);
    return true;
}

fm_status fm_pickle_read(const uint8_t *bytes, size_t length, fm_array *array, fm_error *error)
{
    machine *m = fm_alloc_zero(1, sizeof *m);
    m->start = m->at = bytes;
    m->end = bytes + length;
    m->error = error;
    bool good = true;
    while (good && !m->has_stopped)
        good = m->at < m->end ? step(m) : refuse(m, "the pickle ends too early");
    good = good && take_result(m, array);
    for (size_t v = 0; v < m->value_count; v++)
        free(m->values[v].array.items);
    free(m);
    return good ? FM_OK : FM_BAD_INPUT;
}
