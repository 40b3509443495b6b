/* Tensor files and names of tensors, of any content: read or refused with a message; what is read
   is written as the same tensor, and has the name that it says. */
#include "memory.h"
#include "property.h"
#include "tensor.h"

#include <string.h>

enum { ENTRIES_MAX = 1000 };

static void check_outcome(fm_status status, const fm_tensor *tensor, const fm_error *error)
{
    require(status == FM_OK || status == FM_BAD_INPUT, "status %d", (int)status);
    require((status == FM_OK) == (error->message[0] == '\0'), "'%s'", error->message);
    require((status == FM_OK) == (tensor != NULL), "status %d", (int)status);
}

static void check_written(const fm_tensor *tensor)
{
    fm_error error;
    fm_tensor *back;
    char *text;
    size_t length;
    FILE *file = open_memstream(&text, &length);
    fm_status status = fm_tensor_write(tensor, file, &error);
    fclose(file);
    require(status == FM_OK, "%s", error.message);
    status = fm_tensor_parse(text, length, fm_tensor_name(tensor), &back, &error);
    require(status == FM_OK, "%s\n%s", error.message, text);
    require(fm_tensor_equal(tensor, back), "another tensor:\n%s", text);
    fm_tensor_free(back);
    free(text);
}

static void check_file(const char *text, size_t length)
{
    fm_error error = {""};
    fm_tensor *tensor;
    fm_status status = fm_tensor_parse(text, length, "fuzz", &tensor, &error);
    check_outcome(status, tensor, &error);
    if (tensor != NULL && fm_tensor_entry_count(tensor) <= ENTRIES_MAX)
        check_written(tensor);
    fm_tensor_free(tensor);
}

static void check_name(const char *name)
{
    fm_error error = {""};
    fm_tensor *tensor, *again;
    fm_status status = fm_tensor_parse_name(name, &tensor, &error);
    check_outcome(status, tensor, &error);
    if (tensor != NULL && fm_tensor_entry_count(tensor) <= ENTRIES_MAX) {
        status = fm_tensor_parse_name(fm_tensor_name(tensor), &again, &error);
        require(status == FM_OK, "%s", error.message);
        require(fm_tensor_equal(tensor, again), "%s", name);
        require(strcmp(fm_tensor_name(tensor), fm_tensor_name(again)) == 0, "%s", name);
        fm_tensor_free(again);
    }
    fm_tensor_free(tensor);
}

/* Every input is a file, and its first line a name. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    char *text = fm_strndup((const char *)bytes, length);
    check_file(text, length);
    text[strcspn(text, "\n")] = '\0';
    check_name(text);
    free(text);
    return 0;
}
