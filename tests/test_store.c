/* The results store: many writers, killed at any moment, lose nothing that they reported. */
#include "support.h"

#include "dense.h"
#include "scheme.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/fewmul-store-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

/* A scheme of 2x2x2 over z that holds, made from the standard one by random moves. */
static fm_scheme *some_scheme(uint64_t seed)
{
    dense d;
    fm_error error;
    fm_random random;
    fm_scheme *standard;
    fm_tensor *tensor = test_matmul(2, 2, 2);
    fm_random_seed(&random, seed, 0);
    assert_ok(fm_scheme_standard(tensor, test_ring("z"), &standard, &error), error);
    dense_from_scheme(&d, standard, 12);
    for (uint32_t moves = 1 + fm_random_below(&random, 8); moves > 0; moves--)
        dense_flip(&d, &random);
    fm_scheme *scheme = dense_to_scheme(&d, tensor, test_ring("z"));
    dense_clear(&d);
    fm_scheme_free(standard);
    fm_tensor_free(tensor);
    return scheme;
}

static fm_store *open_store(void)
{
    fm_error error;
    fm_store *store;
    assert_ok(fm_store_open(folder, true, &store, &error), error);
    return store;
}

static size_t temporary_files(void)
{
    char path[64];
    size_t count = 0;
    snprintf(path, sizeof path, "%s/.writing", folder);
    DIR *directory = opendir(path);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(directory);
    return count;
}

static void the_same_find_twice_is_one_file(void **state)
{
    (void)state;
    fm_error error;
    char *first, *second;
    bool is_new;
    fm_store *store = open_store();
    fm_scheme *scheme = test_strassen(test_ring("zt"));
    fm_scheme *other = fm_scheme_canonical(scheme);
    assert_ok(fm_store_put(store, scheme, &first, &is_new, &error), error);
    assert_true(is_new);
    assert_ok(fm_store_put(store, other, &second, &is_new, &error), error);
    assert_false(is_new);
    assert_string_equal(first, second);
    assert_non_null(strstr(first, "/2x2x2/zt/7/"));
    assert_int_equal(temporary_files(), 0);
    free(first);
    free(second);
    fm_scheme_free(other);
    fm_scheme_free(scheme);
    fm_store_close(store);
}

static void what_does_not_hold_is_not_saved(void **state)
{
    (void)state;
    dense d;
    fm_error error;
    fm_store_item *items;
    size_t count;
    fm_store *store = open_store();
    fm_scheme *strassen = test_strassen(test_ring("zt"));
    dense_from_scheme(&d, strassen, 7);
    fmpq_neg(dense_at(&d, 2, 3, 0), dense_at(&d, 2, 3, 0));
    fm_scheme *wrong = dense_to_scheme(&d, strassen->tensor, test_ring("zt"));
    char *path = folder;
    assert_int_equal(fm_store_put(store, wrong, &path, NULL, &error), FM_NO);
    assert_null(path);
    assert_ok(fm_store_list(store, &items, &count, &error), error);
    assert_int_equal(count, 0);
    fm_store_list_free(items, count);
    fm_scheme_free(wrong);
    fm_scheme_free(strassen);
    dense_clear(&d);
    fm_store_close(store);
}

static void a_damaged_file_is_replaced(void **state)
{
    (void)state;
    fm_error error;
    fm_scheme_list list;
    char *path;
    bool is_new;
    fm_store *store = open_store();
    fm_scheme *scheme = test_strassen(test_ring("zt"));
    assert_ok(fm_store_put(store, scheme, &path, NULL, &error), error);
    assert_int_equal(truncate(path, 100), 0);
    assert_int_equal(fm_scheme_read(path, &list, &error), FM_BAD_INPUT);
    free(path);
    assert_ok(fm_store_put(store, scheme, &path, &is_new, &error), error);
    assert_true(is_new);
    assert_ok(fm_scheme_read(path, &list, &error), error);
    fm_scheme_list_free(&list);
    free(path);
    fm_scheme_free(scheme);
    fm_store_close(store);
}

static void other_files_and_odd_names_do_no_harm(void **state)
{
    (void)state;
    static const char text[] = "shape 1 1 1\n1 1 1 1\n";
    static const char *const names[] = {"../../evil", "3x3x3.tns", "", ".hidden", "a b/c\n"};
    fm_error error;
    fm_store_item *items;
    size_t count;
    char path[128];
    fm_store *store = open_store();
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        fm_tensor *tensor;
        fm_scheme *scheme;
        char *at;
        assert_ok(fm_tensor_parse(text, strlen(text), names[n], &tensor, &error), error);
        assert_ok(fm_scheme_standard(tensor, test_ring("f2"), &scheme, &error), error);
        assert_ok(fm_store_put(store, scheme, &at, NULL, &error), error);
        assert_int_equal(strncmp(at, folder, strlen(folder)), 0);
        assert_null(strstr(at, ".."));
        assert_null(strstr(at, "/3x3x3/"));
        free(at);
        fm_scheme_free(scheme);
        fm_tensor_free(tensor);
    }
    snprintf(path, sizeof path, "%s/README", folder);
    fclose(fopen(path, "w"));
    snprintf(path, sizeof path, "%s/2x2x2", folder);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/2x2x2/notes", folder);
    mkdir(path, 0777);
    assert_ok(fm_store_list(store, &items, &count, &error), error);
    assert_int_equal(count, 5);
    fm_store_list_free(items, count);
    fm_store_close(store);
}

static void a_store_that_cannot_be_is_an_error(void **state)
{
    (void)state;
    char path[128];
    fm_error error;
    fm_store *store;
    fm_scheme *scheme = test_strassen(test_ring("zt"));
    snprintf(path, sizeof path, "%s/file", folder);
    fclose(fopen(path, "w"));
    assert_int_equal(fm_store_open(path, true, &store, &error), FM_IO);
    assert_int_equal(fm_store_open("/nonexistent/store", false, &store, &error), FM_IO);
    assert_null(store);
    /* A file where a folder is wanted. */
    store = open_store();
    snprintf(path, sizeof path, "%s/2x2x2", folder);
    fclose(fopen(path, "w"));
    assert_int_equal(fm_store_put(store, scheme, NULL, NULL, &error), FM_IO);
    assert_non_null(strstr(error.message, "2x2x2"));
    assert_int_equal(temporary_files(), 0);
    fm_scheme_free(scheme);
    fm_store_close(store);
}

static void a_live_writer_keeps_its_file(void **state)
{
    (void)state;
    char path[128];
    fm_store_close(open_store());
    snprintf(path, sizeof path, "%s/.writing/abandoned", folder);
    fclose(fopen(path, "w"));
    snprintf(path, sizeof path, "%s/.writing/in-use", folder);
    int ready[2], done[2];
    char byte = 0;
    assert_true(pipe(ready) == 0 && pipe(done) == 0);
    pid_t child = fork();
    if (child == 0) {
        FILE *file = fopen(path, "w");
        bool good = file != NULL && flock(fileno(file), LOCK_EX) == 0 &&
                    write(ready[1], &byte, 1) == 1 && read(done[0], &byte, 1) == 1;
        _exit(good ? 0 : 1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    fm_store_close(open_store());
    assert_int_equal(temporary_files(), 1);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(write(done[1], &byte, 1), 1);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    fm_store_close(open_store());
    assert_int_equal(temporary_files(), 0);
}

/* ---------------------------------------------------------------- killed writers */

typedef char report[FM_HASH_SIZE];

/* Puts scheme after scheme and reports each that is said to be saved; ends when killed. */
static void write_until_killed(int reports, uint64_t seed)
{
    fm_store *store;
    if (fm_store_open(folder, true, &store, NULL) != FM_OK)
        _exit(1);
    for (uint64_t i = 0;; i++) {
        report hash;
        fm_scheme *scheme = some_scheme(seed + i % 50); /* the writers' ranges overlap */
        if (fm_store_put(store, scheme, NULL, NULL, NULL) != FM_OK)
            _exit(2);
        fm_scheme_hash(scheme, hash);
        fm_scheme_free(scheme);
        if (write(reports, hash, sizeof hash) != sizeof hash) /* a pipe takes it whole */
            _exit(3);
    }
}

static bool is_listed(const fm_store_item *items, size_t count, const char *hash)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(items[i].hash, hash) == 0)
            return true;
    return false;
}

static void check_item(const fm_store_item *item)
{
    fm_error error;
    fm_scheme_list list;
    fm_verdict verdict;
    report hash;
    assert_ok(fm_scheme_read(item->path, &list, &error), error);
    assert_int_equal(list.count, 1);
    fm_scheme_hash(list.schemes[0], hash);
    assert_string_equal(hash, item->hash);
    assert_int_equal(fm_scheme_rank(list.schemes[0]), item->rank);
    assert_ok(
        fm_verify(list.schemes[0], fm_scheme_tensor(list.schemes[0]), item->ring, &verdict, &error),
        error);
    fm_verdict_clear(&verdict);
    fm_scheme_list_free(&list);
}

static void killed_writers_lose_nothing_reported(void **state)
{
    (void)state;
    enum { WRITERS = 4, ROUNDS = 25 };
    int reports[2];
    fm_random random;
    fm_random_seed(&random, 1, 0);
    assert_int_equal(pipe(reports), 0);
    report *reported = NULL;
    size_t reported_count = 0;
    for (int round = 0; round < ROUNDS; round++) {
        pid_t writers[WRITERS];
        report hash;
        for (int i = 0; i < WRITERS; i++) {
            writers[i] = fork();
            if (writers[i] == 0)
                write_until_killed(reports[1], (uint64_t)(100 * round + 25 * i));
        }
        /* Some finds, so that each round does something, and then an end at any moment. */
        for (uint32_t n = 1 + fm_random_below(&random, 40); n > 0; n--) {
            assert_int_equal(read(reports[0], hash, sizeof hash), sizeof hash);
            reported = realloc(reported, (reported_count + 1) * sizeof *reported);
            memcpy(reported[reported_count++], hash, sizeof hash);
        }
        usleep(fm_random_below(&random, 3000));
        for (int i = 0; i < WRITERS; i++)
            kill(writers[i], SIGKILL);
        for (int i = 0; i < WRITERS; i++) {
            int status;
            assert_int_equal(waitpid(writers[i], &status, 0), writers[i]);
            assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        }
    }
    close(reports[1]);
    for (report hash; read(reports[0], hash, sizeof hash) == sizeof hash;) {
        reported = realloc(reported, (reported_count + 1) * sizeof *reported);
        memcpy(reported[reported_count++], hash, sizeof hash);
    }
    close(reports[0]);
    fm_store *store = open_store(); /* removes what the killed left behind */
    assert_int_equal(temporary_files(), 0);
    fm_error error;
    fm_store_item *items;
    size_t count;
    assert_ok(fm_store_list(store, &items, &count, &error), error);
    for (size_t i = 0; i < count; i++)
        check_item(&items[i]);
    for (size_t i = 0; i < reported_count; i++)
        assert_true(is_listed(items, count, reported[i]));
    assert_true(reported_count >= ROUNDS && count > 10);
    fm_store_list_free(items, count);
    fm_store_close(store);
    free(reported);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_same_find_twice_is_one_file, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(what_does_not_hold_is_not_saved, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_damaged_file_is_replaced, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(other_files_and_odd_names_do_no_harm, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_store_that_cannot_be_is_an_error, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_live_writer_keeps_its_file, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(killed_writers_lose_nothing_reported, make_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
