/* Checkpoints: what is resumed goes on as it would have, whatever is killed, cut or damaged. */
#include "support.h"

#include "checkpoint.h"
#include "file.h"
#include "memory.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char folder[] = "/tmp/fewmul-test-checkpoint-XXXXXX";
static char *path; /* in it */

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    path = fm_format("%s/state", folder);
    return 0;
}

static int remove_checkpoint(void **state)
{
    (void)state;
    return unlink(path) == 0 || errno == ENOENT ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    free(path);
    return rmdir(folder);
}

/* The last find. */
typedef struct last {
    uint32_t rank;
    char hash[FM_HASH_SIZE];
} last;

static fm_status take(void *context, const fm_scheme *find, double seconds, fm_error *error)
{
    (void)seconds, (void)error;
    last *l = context;
    l->rank = fm_scheme_rank(find);
    fm_scheme_hash(find, l->hash);
    return FM_OK;
}

static fm_status search_for(const char *format, const char *ring, const char *engine,
                            fm_strategy strategy, bool learn, uint64_t flips,
                            const char *checkpoint, last *l, uint64_t *made, fm_error *error)
{
    fm_tensor *tensor;
    fm_search_result result = {0};
    fm_search_options options = {.strategy = strategy,
                                 .engine = engine,
                                 .learn = learn,
                                 .ring = test_ring(ring),
                                 .threads = 1,
                                 .walkers = 1,
                                 .seed = 3,
                                 .flips = flips,
                                 .checkpoint = checkpoint,
                                 .on_find = take,
                                 .context = l};
    assert_ok(fm_tensor_parse_format(format, &tensor, error), *error);
    fm_status status = fm_search(tensor, &options, &result, error);
    *made = result.flips;
    fm_tensor_free(tensor);
    return status;
}

static void one_walker_goes_on_as_if_it_had_not_stopped(void **state)
{
    (void)state;
    static const struct {
        const char *format, *ring, *engine;
        fm_strategy strategy;
        bool learn;
    } cases[] = {{"3x4x4", "f2", "flips", FM_STRATEGY_GROWTH, false},
                 {"3x3x3", "zt", "flips", FM_STRATEGY_GROWTH, false},
                 {"5x5x5", "f2", "flips", FM_STRATEGY_GROWTH, false},
                 {"2x3x3", "zt", "flips", FM_STRATEGY_POOLS, false},
                 {"2x2x4", "f3", "flips", FM_STRATEGY_WALKS, false},
                 {"4x4x4", "f2", "symmetric", FM_STRATEGY_GROWTH, false},
                 {"4x4x4", "zt", "symmetric", FM_STRATEGY_GROWTH, false},
                 {"3x3x3", "f2", "mcts", FM_STRATEGY_GROWTH, false},
                 {"2x3x3", "zt", "mcts", FM_STRATEGY_GROWTH, false},
                 {"3x3x3", "f2", "mcts", FM_STRATEGY_GROWTH, true},
                 {"3x3x4", "f2", "auto", FM_STRATEGY_GROWTH, false}};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        fm_error error;
        uint64_t made;
        last whole = {0}, parts = {0};
        assert_ok(search_for(cases[c].format, cases[c].ring, cases[c].engine, cases[c].strategy,
                             cases[c].learn, 12000000, NULL, &whole, &made, &error),
                  error);
        for (uint64_t flips = 2800000; flips <= 14000000; flips += 2800000) {
            uint64_t limit = flips < 12000000 ? flips : 12000000;
            assert_ok(search_for(cases[c].format, cases[c].ring, cases[c].engine, cases[c].strategy,
                                 cases[c].learn, limit, path, &parts, &made, &error),
                      error);
            assert_int_equal(made, limit);
        }
        assert_true(whole.rank > 0);
        assert_int_equal(whole.rank, parts.rank);
        assert_string_equal(whole.hash, parts.hash);
        unlink(path);
    }
}

/* Copies of the checkpoint while a search goes on. */
typedef struct copies {
    size_t count;
    char *text[24];
    size_t length[24];
} copies;

static void copy_checkpoint(void *context, const fm_search_progress *progress)
{
    (void)progress;
    fm_error error;
    copies *c = context;
    char *text;
    size_t length, before = c->count - 1;
    if (c->count == sizeof c->text / sizeof c->text[0])
        return;
    assert_ok(fm_file_read(path, &text, &length, &error), error);
    if (c->count > 0 && length == c->length[before] && memcmp(text, c->text[before], length) == 0) {
        free(text);
        return;
    }
    c->text[c->count] = text;
    c->length[c->count++] = length;
}

static void write_bytes(const char *text, size_t length)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

/* The state in the checkpoint; *whole is to be freed. */
static const char *read_state(char **whole, size_t *length)
{
    fm_error error;
    assert_ok(fm_file_read(path, whole, length, &error), error);
    const char *state = strstr(*whole, "\n\n");
    assert_non_null(state);
    *length -= (size_t)(state - *whole);
    return state;
}

static void what_any_checkpoint_leads_to_is_the_same(void **state)
{
    (void)state;
    fm_error error;
    fm_search_result result;
    copies c = {0};
    fm_tensor *tensor = test_matmul(2, 2, 2);
    fm_search_options options = {.ring = test_ring("f3"),
                                 .threads = 1,
                                 .walkers = 1,
                                 .seed = 3,
                                 .flips = 4000000,
                                 .checkpoint = path,
                                 .checkpoint_seconds = 1e-4,
                                 .on_progress = copy_checkpoint,
                                 .progress_seconds = 1e-4,
                                 .context = &c};
    assert_ok(fm_search(tensor, &options, &result, &error), error);
    size_t length, expected_length;
    char *whole, *expected_whole;
    const char *expected = read_state(&expected_whole, &expected_length);
    options.on_progress = NULL;
    options.checkpoint_seconds = 0;
    assert_true(c.count > 0);
    for (size_t i = 0; i < c.count; i++) {
        write_bytes(c.text[i], c.length[i]);
        assert_ok(fm_search(tensor, &options, &result, &error), error);
        const char *found = read_state(&whole, &length);
        assert_int_equal(length, expected_length);
        size_t different = 0;
        for (size_t b = 0; b < length; b++)
            different += found[b] != expected[b];
        /* Seconds: of the search, until its best rank, until the walker's. */
        assert_in_range(different, 0, 3 * sizeof(double));
        free(whole);
        free(c.text[i]);
    }
    free(expected_whole);
    fm_tensor_free(tensor);
}

static fm_status resume(const char *format, const char *ring, fm_error *error)
{
    last l = {0};
    uint64_t made;
    return search_for(format, ring, "flips", FM_STRATEGY_GROWTH, false, 200000, path, &l, &made,
                      error);
}

static void another_search_is_refused_with_the_reason(void **state)
{
    (void)state;
    fm_error error;
    assert_ok(resume("2x2x3", "f2", &error), error);
    assert_int_equal(resume("2x3x3", "f2", &error), FM_BAD_INPUT);
    assert_non_null(strstr(error.message, "tensor 2x2x3"));
    assert_int_equal(resume("2x2x3", "zt", &error), FM_BAD_INPUT);
    assert_non_null(strstr(error.message, "ring f2"));
    assert_ok(resume("2x2x3", "f2", &error), error);
}

static void damaged_files_are_refused_and_left_alone(void **state)
{
    (void)state;
    fm_error error;
    char *text, *after;
    size_t length, after_length;
    assert_ok(resume("2x2x3", "f2", &error), error);
    assert_ok(fm_file_read(path, &text, &length, &error), error);
    for (size_t cut = 0; cut < length; cut += cut < 400 ? 1 : 97) {
        write_bytes(text, cut);
        assert_int_equal(resume("2x2x3", "f2", &error), FM_BAD_INPUT);
        assert_ok(fm_file_read(path, &after, &after_length, &error), error);
        assert_int_equal(after_length, cut);
        free(after);
    }
    for (size_t at = 0; at < length; at += at < 400 ? 1 : 101) {
        text[at] ^= 4;
        write_bytes(text, length);
        assert_int_equal(resume("2x2x3", "f2", &error), FM_BAD_INPUT);
        text[at] ^= 4;
    }
    write_bytes(text, length);
    assert_ok(resume("2x2x3", "f2", &error), error);
    free(text);
}

/* What the program is when it is called with a path: a search that saves all the time. */
static int search_until_killed(const char *checkpoint)
{
    fm_error error;
    fm_search_result result;
    fm_search_options options = {.ring = test_ring("f2"),
                                 .threads = 2,
                                 .walkers = 4,
                                 .checkpoint = checkpoint,
                                 .checkpoint_seconds = 1e-4};
    fm_tensor *tensor;
    if (fm_tensor_parse_format("3x3x3", &tensor, &error) != FM_OK)
        return 2;
    fm_search(tensor, &options, &result, &error);
    fm_tensor_free(tensor);
    return 0;
}

static ino_t inode_of(const char *file)
{
    struct stat status;
    return stat(file, &status) == 0 ? status.st_ino : 0;
}

/* Waits for the child to have saved. */
static void wait_for_another(pid_t child, ino_t before)
{
    const struct timespec moment = {0, 1000000};
    while (inode_of(path) == before && waitpid(child, NULL, WNOHANG) == 0)
        nanosleep(&moment, NULL);
}

/* A child that saves all the time is killed at some moment. */
static void killed_at_any_moment_there_is_a_whole_checkpoint(void **state)
{
    (void)state;
    fm_tensor *tensor = test_matmul(3, 3, 3);
    uint64_t flips = 0;
    for (int round = 0; round < 30; round++) {
        fm_error error;
        fm_search_result result;
        fm_search_options options = {
            .ring = test_ring("f2"), .threads = 1, .walkers = 4, .checkpoint = path};
        ino_t before = inode_of(path);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) { /* a program anew: OpenMP may not survive a fork */
            execl("/proc/self/exe", "test_checkpoint", path, (char *)NULL);
            _exit(2);
        }
        if (round % 2 == 0)
            wait_for_another(child, before);
        struct timespec wait = {0, 1000000 * (10 + 7 * (round % 13))};
        nanosleep(&wait, NULL);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        if (access(path, F_OK) != 0)
            continue; /* before the first */
        volatile int stop = 1;
        options.stop = &stop;
        assert_int_equal(fm_search(tensor, &options, &result, &error), FM_INTERRUPTED);
        assert_true(result.flips >= flips);
        flips = result.flips;
    }
    assert_true(flips > 0);
    fm_tensor_free(tensor);
    char *left = fm_format("%s.new", path); /* of the last one killed */
    unlink(left);
    free(left);
}

/* What a search does while its checkpoint cannot be saved. */
typedef struct trouble {
    volatile int save, stop;
    int reports; /* of progress */
    bool was_told;
} trouble;

static char *moved;

static void on_message(void *context, const char *message)
{
    trouble *t = context;
    assert_non_null(strstr(message, "checkpoint not saved"));
    t->was_told = true;
}

static void on_progress(void *context, const fm_search_progress *progress)
{
    (void)progress;
    trouble *t = context;
    if (t->reports++ == 0) {
        assert_int_equal(rename(folder, moved), 0);
        t->save++;
    } else if (t->was_told && !t->stop) {
        assert_int_equal(rename(moved, folder), 0);
        t->stop = 1;
    }
}

static void a_search_goes_on_where_it_cannot_be_saved(void **state)
{
    (void)state;
    fm_error error;
    fm_search_result result;
    trouble t = {0};
    fm_tensor *tensor = test_matmul(3, 3, 3);
    moved = fm_format("%s-moved", folder);
    fm_search_options options = {.ring = test_ring("f2"),
                                 .threads = 2,
                                 .walkers = 2,
                                 .stop = &t.stop,
                                 .checkpoint = path,
                                 .save = &t.save,
                                 .on_message = on_message,
                                 .on_progress = on_progress,
                                 .progress_seconds = 0.01,
                                 .context = &t};
    assert_int_equal(fm_search(tensor, &options, &result, &error), FM_INTERRUPTED);
    assert_true(t.was_told);
    assert_int_equal(access(path, F_OK), 0); /* at the end it could be */
    free(moved);
    options = (fm_search_options){
        .ring = test_ring("f2"), .flips = 1, .checkpoint = "/nonexistent/state"};
    assert_int_equal(fm_search(tensor, &options, &result, &error), FM_IO);
    assert_non_null(strstr(error.message, "/nonexistent/state"));
    fm_tensor_free(tensor);
}

static void one_search_at_a_time_has_a_checkpoint(void **state)
{
    (void)state;
    fm_error error;
    fm_status status;
    fm_search_result result;
    fm_tensor *tensor = test_matmul(2, 2, 2);
    fm_search_options options = {.ring = test_ring("f2"), .flips = 100, .checkpoint = path};
    fm_checkpoint_lock *lock = fm_checkpoint_lock_new(path, &status, &error);
    assert_non_null(lock);
    assert_int_equal(fm_search(tensor, &options, &result, &error), FM_BAD_INPUT);
    assert_non_null(strstr(error.message, "another process"));
    assert_int_not_equal(access(path, F_OK), 0);
    fm_checkpoint_unlock(lock);
    assert_int_equal(fm_search(tensor, &options, &result, &error), FM_OK);
    char *lock_path = fm_format("%s.lock", path);
    assert_int_not_equal(access(lock_path, F_OK), 0);
    free(lock_path);
    fm_tensor_free(tensor);
}

int main(int count, char **arguments)
{
    if (count == 2)
        return search_until_killed(arguments[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(one_walker_goes_on_as_if_it_had_not_stopped, remove_checkpoint),
        cmocka_unit_test_teardown(what_any_checkpoint_leads_to_is_the_same, remove_checkpoint),
        cmocka_unit_test_teardown(another_search_is_refused_with_the_reason, remove_checkpoint),
        cmocka_unit_test_teardown(damaged_files_are_refused_and_left_alone, remove_checkpoint),
        cmocka_unit_test_teardown(killed_at_any_moment_there_is_a_whole_checkpoint,
                                  remove_checkpoint),
        cmocka_unit_test_teardown(a_search_goes_on_where_it_cannot_be_saved, remove_checkpoint),
        cmocka_unit_test_teardown(one_search_at_a_time_has_a_checkpoint, remove_checkpoint),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
