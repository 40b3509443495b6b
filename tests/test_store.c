/* The results store: what was reported as saved is there, whole, under its name, whoever was killed
   meanwhile. */
#include "dense.h"
#include "support.h"

#include "memory.h"
#include "scheme.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---------------------------------------------------------------- folders */

static char *new_folder(void)
{
    char *folder = strdup("/tmp/fewmul-test-store-XXXXXX");
    assert_non_null(mkdtemp(folder));
    return folder;
}

static void remove_folder(char *folder)
{
    char command[256];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    assert_int_equal(system(command), 0);
    free(folder);
}

static fm_store *open_store(const char *folder)
{
    fm_error error;
    fm_store *store;
    assert_ok(fm_store_open(folder, true, &store, &error), error);
    return store;
}

/* Whether the folder itself has files whose names start so. */
static size_t count_files(const char *folder, const char *prefix)
{
    size_t count = 0;
    DIR *stream = opendir(folder);
    assert_non_null(stream);
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;)
        count += strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
    closedir(stream);
    return count;
}

static void make_file(const char *folder, const char *name)
{
    char *path = fm_format("%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("{\"n\": [2,", file);
    fclose(file);
    free(path);
}

/* Every file of the store is one scheme, which holds and is named by its hash; returns how many. */
static size_t check_store(const char *folder)
{
    fm_error error;
    fm_store *store;
    fm_store_item *items;
    size_t count;
    assert_ok(fm_store_open(folder, false, &store, &error), error);
    assert_ok(fm_store_list(store, &items, &count, &error), error);
    for (size_t i = 0; i < count; i++) {
        fm_scheme_list list;
        fm_verdict verdict;
        char hash[FM_HASH_SIZE];
        assert_ok(fm_scheme_read(items[i].path, &list, &error), error);
        assert_int_equal(list.count, 1);
        const fm_scheme *scheme = list.schemes[0];
        assert_ok(fm_verify(scheme, fm_scheme_tensor(scheme), items[i].ring, &verdict, &error),
                  error);
        fm_scheme_hash(scheme, hash);
        assert_string_equal(hash, items[i].hash);
        assert_int_equal(fm_scheme_rank(scheme), items[i].rank);
        assert_true(fm_ring_equal(fm_scheme_ring(scheme), items[i].ring));
        fm_verdict_clear(&verdict);
        fm_scheme_list_free(&list);
    }
    fm_store_list_free(items, count);
    fm_store_close(store);
    return count;
}

/* ---------------------------------------------------------------- one writer */

static void saved_scheme_is_found_under_its_hash(void **state)
{
    (void)state;
    static const char *const rings[] = {"zt", "f2", "f3", "q"};
    fm_error error;
    char *folder = new_folder();
    fm_store *store = open_store(folder);
    for (size_t r = 0; r < sizeof rings / sizeof rings[0]; r++) {
        char hash[FM_HASH_SIZE], expected[512], *path;
        bool is_new;
        fm_scheme *scheme = test_strassen(test_ring(rings[r]));
        fm_scheme_hash(scheme, hash);
        snprintf(expected, sizeof expected, "%s/2x2x2/%s/rank7/%s.json", folder, rings[r], hash);
        assert_ok(fm_store_put(store, scheme, &path, &is_new, &error), error);
        assert_true(is_new);
        assert_string_equal(path, expected);
        free(path);
        assert_ok(fm_store_put(store, scheme, &path, &is_new, &error), error);
        assert_false(is_new);
        assert_string_equal(path, expected);
        free(path);
        fm_scheme_free(scheme);
    }
    assert_int_equal(check_store(folder), 4);
    assert_int_equal(count_files(folder, ".tmp"), 0);
    fm_store_close(store);
    remove_folder(folder);
}

static void provenance_is_kept_and_the_first_find_stays(void **state)
{
    (void)state;
    fm_error error;
    fm_scheme_list list;
    char *folder = new_folder(), *path, hash[FM_HASH_SIZE];
    fm_store *store = open_store(folder);
    fm_scheme *scheme = test_strassen(test_ring("zt"));
    fm_scheme_hash(scheme, hash);
    char *parents[] = {hash};
    fm_provenance provenance = {.engine = "fl\"ips",
                                .version = "0.1.0",
                                .time = "2026-11-24T01:02:03Z",
                                .seed = UINT64_MAX,
                                .has_seed = true,
                                .parents = parents,
                                .parent_count = 1};
    fm_scheme_set_provenance(scheme, &provenance);
    assert_ok(fm_store_put(store, scheme, &path, NULL, &error), error);
    provenance.engine = "another";
    fm_scheme_set_provenance(scheme, &provenance);
    assert_ok(fm_store_put(store, scheme, NULL, NULL, &error), error);
    assert_ok(fm_scheme_read(path, &list, &error), error);
    const fm_provenance *saved = &list.schemes[0]->provenance;
    assert_string_equal(saved->engine, "fl\"ips");
    assert_string_equal(saved->time, "2026-11-24T01:02:03Z");
    assert_true(saved->has_seed && saved->seed == UINT64_MAX);
    assert_int_equal(saved->parent_count, 1);
    assert_string_equal(saved->parents[0], hash);
    fm_scheme_list_free(&list);
    fm_scheme_free(scheme);
    fm_store_close(store);
    free(path);
    remove_folder(folder);
}

static void scheme_that_does_not_hold_is_not_saved(void **state)
{
    (void)state;
    fm_error error;
    fm_scheme *scheme, *broken;
    dense d;
    char *folder = new_folder(), *path;
    fm_store *store = open_store(folder);
    scheme = test_strassen(test_ring("zt"));
    dense_from_scheme(&d, scheme, 7);
    fmpq_zero(dense_at(&d, 2, 3, 0));
    broken = dense_to_scheme(&d, fm_scheme_tensor(scheme), test_ring("zt"));
    assert_int_equal(fm_store_put(store, broken, &path, NULL, &error), FM_NO);
    assert_null(path);
    assert_int_equal(check_store(folder), 0);
    assert_int_equal(count_files(folder, "2x2x2"), 0);
    dense_clear(&d);
    fm_scheme_free(broken);
    fm_scheme_free(scheme);
    fm_store_close(store);
    remove_folder(folder);
}

/* Names of tensors come from file names; they must not lead out of the store, hide, or pose as a
   format. */
static void tensor_names_are_safe_and_apart(void **state)
{
    (void)state;
    static const char *const names[] = {"../../evil", "2x2x2x2", "..", "a b/\n\"\xff", "-rf"};
    fm_error error;
    fm_store_item *items;
    size_t count;
    char *folder = new_folder();
    fm_store *store = open_store(folder);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *path;
        fm_tensor *tensor;
        fm_scheme *scheme;
        fm_tensor_entry *entries = calloc(1, sizeof *entries);
        entries[0].value = (fmpz)(i + 1);
        assert_ok(
            fm_tensor_new((uint32_t[3]){1, 2, 3}, strdup(names[i]), entries, 1, &tensor, &error),
            error);
        assert_ok(fm_scheme_standard(tensor, test_ring("z"), &scheme, &error), error);
        assert_ok(fm_store_put(store, scheme, &path, NULL, &error), error);
        char *resolved = realpath(path, NULL);
        assert_string_equal(resolved, path);
        free(resolved);
        free(path);
        fm_scheme_free(scheme);
        fm_tensor_free(tensor);
    }
    assert_int_equal(check_store(folder), 5);
    assert_ok(fm_store_list(store, &items, &count, &error), error);
    for (size_t i = 0; i < count; i++)
        assert_int_not_equal(fm_tensor_parse_format(items[i].tensor, &(fm_tensor *){NULL}, &error),
                             FM_OK);
    fm_store_list_free(items, count);
    fm_store_close(store);
    remove_folder(folder);
}

static void a_damaged_file_is_replaced(void **state)
{
    (void)state;
    fm_error error;
    bool is_new;
    char *folder = new_folder(), *path;
    fm_store *store = open_store(folder);
    fm_scheme *scheme = test_strassen(test_ring("zt"));
    assert_ok(fm_store_put(store, scheme, &path, NULL, &error), error);
    assert_int_equal(truncate(path, 100), 0);
    assert_ok(fm_store_put(store, scheme, NULL, &is_new, &error), error);
    assert_true(is_new);
    assert_int_equal(check_store(folder), 1);
    free(path);
    fm_scheme_free(scheme);
    fm_store_close(store);
    remove_folder(folder);
}

/* Not to be read is not to be damaged: nothing is put in the place of what may be whole. */
static void a_file_that_cannot_be_read_is_an_error(void **state)
{
    (void)state;
    fm_error error;
    struct stat status;
    char *folder = new_folder(), *path;
    fm_store *store = open_store(folder);
    fm_scheme *scheme = test_strassen(test_ring("zt"));
    assert_ok(fm_store_put(store, scheme, &path, NULL, &error), error);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0777), 0);
    assert_int_equal(fm_store_put(store, scheme, NULL, NULL, &error), FM_IO);
    assert_int_equal(stat(path, &status), 0);
    assert_true(S_ISDIR(status.st_mode));
    assert_int_equal(count_files(folder, ".tmp"), 0);
    free(path);
    fm_scheme_free(scheme);
    fm_store_close(store);
    remove_folder(folder);
}

static void listing_skips_what_is_no_scheme(void **state)
{
    (void)state;
    fm_error error;
    fm_store *store;
    fm_store_item *items;
    size_t count;
    char *folder = new_folder(), path[512];
    fm_scheme *scheme = test_strassen(test_ring("zt"));
    store = open_store(folder);
    assert_ok(fm_store_put(store, scheme, NULL, NULL, &error), error);
    make_file(folder, "README");
    snprintf(path, sizeof path, "%s/2x2x2/zt/rank7", folder);
    make_file(path, "notes.json");
    snprintf(path, sizeof path, "%s/2x2x2/zt", folder);
    make_file(path, "rank6");
    assert_ok(fm_store_list(store, &items, &count, &error), error);
    assert_int_equal(count, 1);
    assert_string_equal(items[0].tensor, "2x2x2");
    fm_store_list_free(items, count);
    fm_scheme_free(scheme);
    fm_store_close(store);
    assert_int_equal(fm_store_open("/nonexistent/store", false, &store, &error), FM_IO);
    assert_null(store);
    remove_folder(folder);
}

/* ---------------------------------------------------------------- errors of the system */

/* Runs put in a process of its own, after prepare; returns how it ended, as waitpid tells. */
static int put_in_child(const char *folder, void (*prepare)(void))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        fm_error error;
        fm_store *store = NULL;
        fm_scheme *scheme = test_strassen(test_ring("zt"));
        prepare();
        fm_status status = fm_store_open(folder, true, &store, &error);
        if (status == FM_OK)
            status = fm_store_put(store, scheme, NULL, NULL, &error);
        _exit((int)status);
    }
    int ended;
    assert_int_equal(waitpid(child, &ended, 0), child);
    return ended;
}

static void limit_file_size(void)
{
    struct rlimit limit = {300, 300};
    signal(SIGXFSZ, SIG_DFL);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        _exit(100);
}

static void limit_file_size_with_an_error(void)
{
    limit_file_size();
    signal(SIGXFSZ, SIG_IGN);
}

/* Root may write everywhere, nobody may not. */
static void become_nobody(void)
{
    if (geteuid() == 0 && setuid(65534) != 0)
        _exit(100);
}

static void failed_write_is_an_error_and_leaves_nothing(void **state)
{
    (void)state;
    char *folder = new_folder();
    int ended = put_in_child(folder, limit_file_size_with_an_error);
    assert_true(WIFEXITED(ended));
    assert_int_equal(WEXITSTATUS(ended), FM_IO);
    assert_int_equal(count_files(folder, ".tmp"), 0);
    assert_int_equal(count_files(folder, "2x2x2"), 0);
    remove_folder(folder);
}

static void folder_without_permission_is_an_error(void **state)
{
    (void)state;
    char *folder = new_folder();
    assert_int_equal(chmod(folder, 0555), 0);
    int ended = put_in_child(folder, become_nobody);
    assert_true(WIFEXITED(ended));
    assert_int_equal(WEXITSTATUS(ended), FM_IO);
    assert_int_equal(count_files(folder, "2x2x2"), 0);
    assert_int_equal(chmod(folder, 0755), 0);
    remove_folder(folder);
}

/* ---------------------------------------------------------------- temporary files */

static void put_strassen(const char *folder, const char *ring)
{
    fm_error error;
    fm_store *store = open_store(folder);
    fm_scheme *scheme = test_strassen(test_ring(ring));
    assert_ok(fm_store_put(store, scheme, NULL, NULL, &error), error);
    fm_scheme_free(scheme);
    fm_store_close(store);
}

static void next_writer_removes_what_a_killed_one_left(void **state)
{
    (void)state;
    char *folder = new_folder();
    int ended = put_in_child(folder, limit_file_size);
    assert_true(WIFSIGNALED(ended)); /* in the middle of its temporary file */
    assert_int_equal(count_files(folder, ".tmp"), 1);
    assert_int_equal(check_store(folder), 0);
    put_strassen(folder, "zt");
    assert_int_equal(count_files(folder, ".tmp"), 0);
    assert_int_equal(check_store(folder), 1);
    remove_folder(folder);
}

static void temporary_file_of_a_living_writer_stays(void **state)
{
    (void)state;
    char *folder = new_folder(), host[256], name[300], path[600];
    assert_int_equal(gethostname(host, sizeof host), 0);
    snprintf(name, sizeof name, ".tmp@%s@1@0@0", host);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    make_file(folder, name);
    int descriptor = open(path, O_RDWR);
    assert_int_equal(flock(descriptor, LOCK_EX), 0);
    put_strassen(folder, "zt");
    assert_int_equal(count_files(folder, ".tmp"), 1);
    close(descriptor);
    put_strassen(folder, "f2");
    assert_int_equal(count_files(folder, ".tmp"), 0);
    remove_folder(folder);
}

/* Locks of other hosts may not be seen here. */
static void temporary_file_of_another_host_goes_when_it_is_old(void **state)
{
    (void)state;
    char *folder = new_folder(), path[600];
    const struct timespec long_ago[2] = {{1000000000, 0}, {1000000000, 0}};
    make_file(folder, ".tmp@another host@1@0@0");
    put_strassen(folder, "zt");
    assert_int_equal(count_files(folder, ".tmp"), 1);
    snprintf(path, sizeof path, "%s/.tmp@another host@1@0@0", folder);
    assert_int_equal(utimensat(AT_FDCWD, path, long_ago, 0), 0);
    put_strassen(folder, "f2");
    assert_int_equal(count_files(folder, ".tmp"), 0);
    remove_folder(folder);
}

/* ---------------------------------------------------------------- many writers, killed */

enum { POOL = 1000, WRITERS = 4, KILLS = 60 };

static fm_scheme *pool[POOL];
static char pool_hash[POOL][FM_HASH_SIZE];
static _Atomic uint32_t *turn; /* shared by the processes */

/* Schemes of 2x2x2 over z in random bases; some are the same, as finds are. */
static void make_pool(void)
{
    const uint32_t format[3] = {2, 2, 2};
    fm_random random;
    fm_random_seed(&random, 7, 0);
    for (int i = 0; i < POOL; i++) {
        dense d;
        fm_scheme *start = test_strassen(test_ring("z"));
        dense_from_scheme(&d, start, 7);
        for (uint32_t step = 4 + fm_random_below(&random, 16); step > 0; step--)
            dense_change_basis(&d, format, &random, 1);
        pool[i] = dense_to_scheme(&d, fm_scheme_tensor(start), test_ring("z"));
        assert_non_null(pool[i]);
        fm_scheme_hash(pool[i], pool_hash[i]);
        dense_clear(&d);
        fm_scheme_free(start);
    }
}

/* Puts schemes for ever and reports each that is saved through the pipe. All writers go through the
   pool together, so that two often put the same scheme at once. */
static void write_for_ever(const char *folder, int pipe)
{
    fm_error error;
    fm_store *store;
    if (fm_store_open(folder, true, &store, &error) != FM_OK)
        _exit(1);
    for (;;) {
        uint32_t i = (*turn)++ / 2 % POOL;
        if (fm_store_put(store, pool[i], NULL, NULL, &error) != FM_OK) {
            fprintf(stderr, "%s\n", error.message);
            _exit(1);
        }
        if (write(pipe, &i, sizeof i) != sizeof i)
            _exit(1);
    }
}

static pid_t start_writer(const char *folder, int pipe)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        write_for_ever(folder, pipe);
    return child;
}

static void kill_writer(pid_t writer)
{
    int ended;
    kill(writer, SIGKILL);
    assert_int_equal(waitpid(writer, &ended, 0), writer);
    assert_true(WIFSIGNALED(ended)); /* it did not give up before */
}

/* Marks the finds that the pipe has now. */
static void collect(int pipe, bool saved[POOL])
{
    uint32_t i;
    while (read(pipe, &i, sizeof i) == sizeof i)
        saved[i] = true;
}

/* Runs writers and kills them one after another, after a random number of microseconds. */
static void run_writers(const char *folder, bool saved[POOL])
{
    pid_t writers[WRITERS];
    int ends[2];
    fm_random random;
    fm_random_seed(&random, 9, 0);
    turn = mmap(NULL, sizeof *turn, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(turn != MAP_FAILED);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    for (int w = 0; w < WRITERS; w++)
        writers[w] = start_writer(folder, ends[1]);
    for (int k = 0; k < KILLS; k++) {
        usleep(fm_random_below(&random, 20000));
        collect(ends[0], saved);
        kill_writer(writers[k % WRITERS]);
        writers[k % WRITERS] = start_writer(folder, ends[1]);
    }
    for (int w = 0; w < WRITERS; w++)
        kill_writer(writers[w]);
    collect(ends[0], saved);
    close(ends[0]);
    close(ends[1]);
    munmap((void *)turn, sizeof *turn);
}

static void no_confirmed_find_is_lost_when_writers_are_killed(void **state)
{
    (void)state;
    fm_error error;
    fm_store_item *items;
    size_t count, distinct = 0, confirmed = 0;
    bool saved[POOL] = {false};
    char *folder = new_folder();
    make_pool();
    run_writers(folder, saved);
    assert_true(check_store(folder) > 0);
    fm_store *store = open_store(folder);
    assert_ok(fm_store_list(store, &items, &count, &error), error);
    for (int i = 0; i < POOL; i++) {
        size_t found = 0;
        for (size_t f = 0; f < count; f++)
            found += strcmp(items[f].hash, pool_hash[i]) == 0;
        assert_true(found <= 1);
        if (saved[i])
            assert_int_equal(found, 1);
        confirmed += saved[i];
    }
    assert_true(confirmed > 0);
    fm_store_list_free(items, count);

    /* Put all of them: each distinct scheme is one file, and no temporary file is left. */
    for (int i = 0; i < POOL; i++) {
        bool first = true;
        for (int j = 0; j < i; j++)
            first = first && strcmp(pool_hash[i], pool_hash[j]) != 0;
        distinct += first;
        assert_ok(fm_store_put(store, pool[i], NULL, NULL, &error), error);
    }
    assert_true(distinct > POOL / 4 && distinct < POOL);
    put_strassen(folder, "f2");
    assert_int_equal(check_store(folder), distinct + 1);
    assert_int_equal(count_files(folder, ".tmp"), 0);
    for (int i = 0; i < POOL; i++)
        fm_scheme_free(pool[i]);
    fm_store_close(store);
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(saved_scheme_is_found_under_its_hash),
        cmocka_unit_test(provenance_is_kept_and_the_first_find_stays),
        cmocka_unit_test(scheme_that_does_not_hold_is_not_saved),
        cmocka_unit_test(tensor_names_are_safe_and_apart),
        cmocka_unit_test(a_damaged_file_is_replaced),
        cmocka_unit_test(a_file_that_cannot_be_read_is_an_error),
        cmocka_unit_test(listing_skips_what_is_no_scheme),
        cmocka_unit_test(failed_write_is_an_error_and_leaves_nothing),
        cmocka_unit_test(folder_without_permission_is_an_error),
        cmocka_unit_test(next_writer_removes_what_a_killed_one_left),
        cmocka_unit_test(temporary_file_of_a_living_writer_stays),
        cmocka_unit_test(temporary_file_of_another_host_goes_when_it_is_old),
        cmocka_unit_test(no_confirmed_find_is_lost_when_writers_are_killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
