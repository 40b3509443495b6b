/* fewmul search: parses, calls fm_search, shows progress, puts the finds into the store. */
#include "command.h"
#include "lifter.h"
#include "memory.h"
#include "metrics.h"
#include "print.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Lifts go on for so many seconds after a signal: batch systems give about half a minute. */
static const double LIFT_SECONDS_AFTER_SIGNAL = 10;

static struct {
    fm_ring ring;
    const char *engine, *strategy, *through, *objective, *symmetry, *coefficients, *model;
    const char *store, *checkpoint, *metrics;
    uint64_t target, distinct, threads, walkers, seed, flips;
    double seconds, checkpoint_interval, metrics_interval;
    cli_list from;
    bool json, quiet, lift;
} arguments = {.ring = {FM_RING_ZT, 0},
               .strategy = "growth",
               .objective = "rank",
               .seed = 1,
               .checkpoint_interval = 300,
               .metrics_interval = 10};

static const cli_option options[] = {
    {"ring", "R", CLI_RING, &arguments.ring, "f2, f3 or zt; with the engine mcts also z"},
    {"engine", "NAME", CLI_STRING, &arguments.engine,
     "flips; symmetric: square formats, a symmetry kept; mcts: tree search; auto: all that suit, "
     "in "
     "turn [flips; from 5x5x5 on symmetric in turn with it]"},
    {"strategy", "NAME", CLI_STRING, &arguments.strategy,
     "of the engine flips: growth, pools or walks"},
    {"through", "FORMAT", CLI_STRING, &arguments.through,
     "growth goes on to this larger format and comes back by projections"},
    {"symmetry", "GROUP", CLI_STRING, &arguments.symmetry,
     "of the engine symmetric: cyclic, cyclic+reversal or cyclic+transposition [what is best for "
     "the size]"},
    {"coefficients", "-B..B", CLI_STRING, &arguments.coefficients,
     "of the engine mcts over z, B from 1 to 4 [-1..1]"},
    {"model", "FILE", CLI_STRING, &arguments.model,
     "of the engines mcts and auto: learn which moves to prefer, going on from what FILE has, and "
     "leave it "
     "there"},
    {"target", "RANK", CLI_COUNT, &arguments.target,
     "stop when this rank is reached; with another objective than rank, never"},
    {"objective", "NAME", CLI_STRING, &arguments.objective,
     "rank; additions or flips: at the best rank, ever fewer naive additions or more flips"},
    {"distinct", "N", CLI_COUNT, &arguments.distinct,
     "stop when so many schemes of the target rank, no two equivalent, were found"},
    {"threads", "N", CLI_COUNT, &arguments.threads, "threads; 0: all cores"},
    {"walkers", "N", CLI_COUNT, &arguments.walkers, "walkers; 0: four a thread"},
    {"time", "S", CLI_SECONDS, &arguments.seconds, "stop after so many seconds; 0: never"},
    {"flips", "N", CLI_COUNT, &arguments.flips, "stop each walker after so many flips; 0: never"},
    {"seed", "N", CLI_COUNT, &arguments.seed, "of the walkers' random streams"},
    {"store", "DIR", CLI_STRING, &arguments.store,
     "where finds go [$FEWMUL_STORE, else fewmul-results]"},
    {"lift", NULL, CLI_FLAG, &arguments.lift,
     "over f2 and f3: lift finds to zt, z or q, and save the lifts too"},
    {"from", "SCHEME", CLI_LIST, &arguments.from,
     "start from the schemes of this file, not the standard one; may be given again"},
    {"checkpoint", "FILE", CLI_STRING, &arguments.checkpoint,
     "save the state of the search there, and go on from it when it is there"},
    {"checkpoint-interval", "S", CLI_SECONDS, &arguments.checkpoint_interval,
     "seconds between two checkpoints; 0: 300"},
    {"metrics", "FILE", CLI_STRING, &arguments.metrics, "append what goes on as JSON lines"},
    {"metrics-interval", "S", CLI_SECONDS, &arguments.metrics_interval,
     "seconds between two lines"},
    {"quiet", NULL, CLI_FLAG, &arguments.quiet, "no progress on stderr"},
    {"json", NULL, CLI_FLAG, &arguments.json, "print finds and the outcome as JSON lines"},
    {NULL, NULL, CLI_FLAG, NULL, NULL},
};

typedef struct session {
    fm_store *store;
    cli_lifter *lifter;     /* NULL: finds are not lifted */
    pthread_mutex_t output; /* of the table and the lines, which the lifter's thread prints too */
    const char *tensor;
    bool redraw;    /* the progress table stands on a terminal */
    int lines;      /* of the table now on the terminal */
    uint64_t flips; /* at the last report, for the rate */
    double seconds;
    double drawn_at; /* the last report, in seconds */
    cli_metrics metrics;
} session;

/* ---------------------------------------------------------------- progress */

static void erase_table(session *s)
{
    /* Deletes its lines; clearing to the end of the screen would move them to tmux's history. */
    if (s->lines > 0)
        fprintf(stderr, "\033[%dA\033[%dM", s->lines, s->lines);
    s->lines = 0;
}

static double flip_rate(session *s, const fm_search_progress *progress)
{
    double span = progress->seconds - s->seconds;
    double rate = span > 0 ? (double)(progress->flips - s->flips) / span : 0;
    s->flips = progress->flips;
    s->seconds = progress->seconds;
    return rate;
}

static void format_time(double seconds, char text[32])
{
    unsigned long total = (unsigned long)seconds;
    snprintf(text, 32, "%lu:%02lu:%02lu", total / 3600, total / 60 % 60, total % 60);
}

/* The walkers' ranks in a line, no more than fit. */
static void print_ranks(const char *label, const uint32_t *ranks, size_t count)
{
    enum { SHOWN = 12 };
    fprintf(stderr, "  %-16s", label);
    for (size_t i = 0; i < count && i < SHOWN; i++)
        fprintf(stderr, " %u", ranks[i]);
    if (count > SHOWN)
        fprintf(stderr, " ... (%zu walkers)", count);
    fputc('\n', stderr);
}

static void draw_table(session *s, const fm_search_progress *progress, const char *ring,
                       double rate, const char *elapsed)
{
    erase_table(s);
    /* Without line wrap: a table with more lines than were counted would not be erased. */
    fputs("\033[?7l", stderr);
    fprintf(stderr, "  %-16s %s over %s\n", "search", s->tensor, ring);
    if (arguments.target != 0)
        fprintf(stderr, "  %-16s %u (target %llu)\n", "best rank", progress->best_rank,
                (unsigned long long)arguments.target);
    else
        fprintf(stderr, "  %-16s %u\n", "best rank", progress->best_rank);
    print_ranks("walkers' best", progress->best, progress->walker_count);
    print_ranks("walkers now", progress->current, progress->walker_count);
    fprintf(stderr, "  %-16s %.1f M/s, %.3g in all\n", "flips", rate / 1e6,
            (double)progress->flips);
    fprintf(stderr, "  %-16s %s\n\033[?7h", "time", elapsed);
    s->lines = 6;
}

/* What is not a terminal gets a line. */
static void print_line(const session *s, const fm_search_progress *progress, const char *ring,
                       double rate, const char *elapsed)
{
    uint32_t low = progress->current[0], high = low;
    for (size_t i = 1; i < progress->walker_count; i++) {
        low = progress->current[i] < low ? progress->current[i] : low;
        high = progress->current[i] > high ? progress->current[i] : high;
    }
    fprintf(stderr, "%s %s/%s: best rank %u, walkers at %u to %u, %.1f M flips/s, %llu saved\n",
            elapsed, s->tensor, ring, progress->best_rank, low, high, rate / 1e6,
            (unsigned long long)progress->finds_saved);
}

static void draw(session *s, const fm_search_progress *progress)
{
    char elapsed[32], ring[FM_RING_NAME_SIZE];
    double rate = flip_rate(s, progress);
    format_time(progress->seconds, elapsed);
    fm_ring_name(arguments.ring, ring);
    if (s->redraw)
        draw_table(s, progress, ring, rate, elapsed);
    else
        print_line(s, progress, ring, rate, elapsed);
}

static void on_progress(void *context, const fm_search_progress *progress)
{
    session *s = context;
    cli_metrics_note(&s->metrics, progress);
    if (arguments.quiet || progress->seconds < s->drawn_at + (s->redraw ? 0.2 : 5))
        return;
    s->drawn_at = progress->seconds;
    pthread_mutex_lock(&s->output);
    draw(s, progress);
    pthread_mutex_unlock(&s->output);
}

static void on_message(void *context, const char *message)
{
    session *s = context;
    pthread_mutex_lock(&s->output);
    erase_table(s);
    fprintf(stderr, "fewmul: %s\n", message);
    pthread_mutex_unlock(&s->output);
}

/* ---------------------------------------------------------------- finds */

static void print_find(const session *s, const fm_scheme *find, double seconds, bool is_new,
                       const char *path)
{
    char ring[FM_RING_NAME_SIZE];
    printf("%s over %s: rank %u after %.2f s, verified, %s %s\n", s->tensor,
           fm_ring_name(fm_scheme_ring(find), ring), fm_scheme_rank(find), seconds,
           is_new ? "saved as" : "known as", path);
}

static void print_find_json(const session *s, const fm_scheme *find, double seconds, bool is_new,
                            const char *path)
{
    char ring[FM_RING_NAME_SIZE];
    json_t *object = json_object();
    json_object_set_new(object, "format", fm_json_string(s->tensor));
    json_object_set_new(object, "ring", json_string(fm_ring_name(fm_scheme_ring(find), ring)));
    json_object_set_new(object, "rank", json_integer(fm_scheme_rank(find)));
    json_object_set_new(object, "seconds", cli_json_real(seconds));
    json_object_set_new(object, "new", json_boolean(is_new));
    json_object_set_new(object, "path", fm_json_string(path));
    cli_print_json(json_pack("{s:o}", "find", object));
}

/* The store did not take a find: keeps it in a store among the temporary files meanwhile. */
static void keep_elsewhere(const fm_scheme *find, const fm_error *reason)
{
    const char *folder = getenv("TMPDIR");
    char *path = NULL;
    fm_store *store;
    fm_error error;
    char *name = fm_format("%s/fewmul-unsaved", folder != NULL ? folder : "/tmp");
    fm_status status = fm_store_open(name, true, &store, &error);
    if (status == FM_OK) {
        status = fm_store_put(store, find, &path, NULL, &error);
        fm_store_close(store);
    }
    fprintf(stderr, "fewmul: %s; the search goes on and will try again; meanwhile the find is %s\n",
            reason->message, status == FM_OK ? path : "in memory only");
    free(path);
    free(name);
}

static fm_status on_find(void *context, const fm_scheme *find, double seconds, fm_error *error)
{
    session *s = context;
    char *path;
    bool is_new;
    fm_status status = fm_store_put(s->store, find, &path, &is_new, error);
    pthread_mutex_lock(&s->output);
    erase_table(s);
    if (status != FM_OK)
        keep_elsewhere(find, error);
    else if (arguments.json)
        print_find_json(s, find, seconds, is_new, path);
    else
        print_find(s, find, seconds, is_new, path);
    fflush(stdout);
    pthread_mutex_unlock(&s->output);
    if (status != FM_OK)
        return status;
    if (s->lifter != NULL)
        cli_lifter_push(s->lifter, find, path);
    free(path);
    return FM_OK;
}

/* ---------------------------------------------------------------- lifts */

static void print_lift(const session *s, const cli_lift *lift)
{
    char from[FM_RING_NAME_SIZE], to[FM_RING_NAME_SIZE];
    printf("%s over %s: rank %u", s->tensor, fm_ring_name(fm_scheme_ring(lift->find), from),
           fm_scheme_rank(lift->find));
    if (lift->scheme != NULL)
        printf(" lifted to %s in %.2f s, verified, %s %s, from %s\n",
               fm_ring_name(fm_scheme_ring(lift->scheme), to), lift->seconds,
               lift->is_new ? "saved as" : "known as", lift->path, lift->find_path);
    else
        printf(", %s; from %s\n", lift->message, lift->find_path);
}

static void print_lift_json(const session *s, const cli_lift *lift)
{
    char ring[FM_RING_NAME_SIZE];
    const fm_scheme *scheme = lift->scheme;
    json_t *object = json_object();
    json_object_set_new(object, "format", fm_json_string(s->tensor));
    json_object_set_new(object, "ring",
                        scheme == NULL ? json_null()
                                       : json_string(fm_ring_name(fm_scheme_ring(scheme), ring)));
    json_object_set_new(object, "rank", json_integer(fm_scheme_rank(lift->find)));
    json_object_set_new(object, "seconds", cli_json_real(lift->seconds));
    json_object_set_new(object, "from", fm_json_string(lift->find_path));
    if (scheme != NULL) {
        json_object_set_new(object, "new", json_boolean(lift->is_new));
        json_object_set_new(object, "path", fm_json_string(lift->path));
    } else
        json_object_set_new(object, "error", fm_json_string(lift->message));
    cli_print_json(json_pack("{s:o}", "lift", object));
}

static void on_lift(void *context, const cli_lift *lift)
{
    session *s = context;
    pthread_mutex_lock(&s->output);
    erase_table(s);
    if (arguments.json)
        print_lift_json(s, lift);
    else
        print_lift(s, lift);
    fflush(stdout);
    pthread_mutex_unlock(&s->output);
}

/* Lifts what is left after the search; what a signal leaves is said. */
static fm_status end_lifts(session *s, fm_status status, fm_error *error)
{
    size_t left, pending = cli_lifter_pending(s->lifter);
    if (pending > 0 && !arguments.quiet)
        fprintf(stderr, "fewmul: %zu finds to lift before the end%s\n", pending,
                *cli_stop_flag() == 0 ? "; a signal leaves them" : "");
    fm_status saved =
        cli_lifter_end(s->lifter, cli_stop_flag(), LIFT_SECONDS_AFTER_SIGNAL, &left, error);
    if (left > 0)
        fprintf(stderr, "fewmul: %zu finds are saved, but not lifted\n", left);
    bool ended = status == FM_OK || status == FM_NO;
    if (ended && saved != FM_OK)
        return saved;
    return ended && left > 0 ? FM_INTERRUPTED : status;
}

/* ---------------------------------------------------------------- the call */

/* The schemes that a search starts from, and what messages call them. */
typedef struct starts {
    size_t count;
    fm_scheme **schemes;
    char **labels;
} starts;

static void starts_clear(starts *s)
{
    for (size_t i = 0; i < s->count; i++) {
        fm_scheme_free(s->schemes[i]);
        free(s->labels[i]);
    }
    free(s->schemes);
    free(s->labels);
}

static fm_status add_starts(starts *s, const char *path, fm_error *error)
{
    fm_scheme_list list;
    fm_status status = fm_scheme_read(path, &list, error);
    if (status != FM_OK)
        return status;
    s->schemes = fm_realloc(s->schemes, s->count + list.count, sizeof *s->schemes);
    s->labels = fm_realloc(s->labels, s->count + list.count, sizeof *s->labels);
    for (size_t i = 0; i < list.count; i++) {
        s->labels[s->count] = cli_list_label(path, &list, i);
        s->schemes[s->count++] = list.schemes[i];
        list.schemes[i] = NULL;
    }
    fm_scheme_list_free(&list);
    return FM_OK;
}

/* All schemes of the --from files; cleared by the caller, also after an error. */
static fm_status read_starts(starts *s, fm_error *error)
{
    fm_status status = FM_OK;
    *s = (starts){0};
    for (size_t f = 0; f < arguments.from.count && status == FM_OK; f++)
        status = add_starts(s, arguments.from.items[f], error);
    return status;
}

static double mean_rate(const fm_search_result *result)
{
    return result->seconds > 0 ? (double)result->flips / result->seconds : 0;
}

static void print_outcome(const fm_search_result *result, const char *tensor, fm_status status)
{
    char ring[FM_RING_NAME_SIZE];
    printf("%s over %s: best rank %u, reached after %.2f s; %.3g flips in %.2f s (%.1f M/s)%s\n",
           tensor, fm_ring_name(arguments.ring, ring), result->best_rank, result->best_seconds,
           (double)result->flips, result->seconds, mean_rate(result) / 1e6,
           status == FM_NO            ? "; the target was not reached"
           : status == FM_INTERRUPTED ? "; interrupted"
                                      : "");
}

static void print_outcome_json(const fm_search_result *result, const char *tensor, fm_status status)
{
    char ring[FM_RING_NAME_SIZE];
    bool reached = result->best_rank <= arguments.target;
    json_t *object = json_object();
    json_object_set_new(object, "format", fm_json_string(tensor));
    json_object_set_new(object, "ring", json_string(fm_ring_name(arguments.ring, ring)));
    json_object_set_new(object, "rank", json_integer(result->best_rank));
    json_object_set_new(object, "seconds", cli_json_real(result->seconds));
    json_object_set_new(object, "rank_seconds", cli_json_real(result->best_seconds));
    json_object_set_new(object, "flips", json_integer((json_int_t)result->flips));
    json_object_set_new(object, "flips_per_second", cli_json_real(mean_rate(result)));
    json_object_set_new(object, "target_reached",
                        arguments.target == 0 ? json_null() : json_boolean(reached));
    json_object_set_new(object, "interrupted", json_boolean(status == FM_INTERRUPTED));
    cli_print_json(object);
}

static fm_status open_metrics(session *s, const char *engine, fm_error *error)
{
    static char ring[FM_RING_NAME_SIZE];
    s->metrics.tensor = s->tensor;
    s->metrics.ring = fm_ring_name(arguments.ring, ring);
    s->metrics.engine = engine;
    s->metrics.seed = arguments.seed;
    s->metrics.interval = arguments.metrics_interval;
    return cli_metrics_open(&s->metrics, arguments.metrics, error);
}

/* The number of a name among others; false when it is not there. */
static bool parse_name(const char *name, const char *const *names, unsigned count, unsigned *number)
{
    for (*number = 0; *number < count; ++*number)
        if (strcmp(name, names[*number]) == 0)
            return true;
    return false;
}

/* What fm_search is called with. */
static fm_search_options settings_of(session *s, const starts *from, fm_strategy strategy,
                                     fm_objective objective, const fm_tensor *through)
{
    fm_search_options settings = {
        .engine = arguments.engine,
        .strategy = strategy,
        .through = through,
        .objective = objective,
        .symmetry = arguments.symmetry,
        .learn = arguments.model != NULL,
        .model_from = arguments.model,
        .model_to = arguments.model,
        .ring = arguments.ring,
        .coefficient_max = cli_parse_coefficients(arguments.coefficients),
        .threads = (unsigned)arguments.threads,
        .walkers = (unsigned)arguments.walkers,
        .seed = arguments.seed,
        .target_rank = (uint32_t)arguments.target,
        .distinct = (unsigned)arguments.distinct,
        .seconds = arguments.seconds,
        .flips = arguments.flips,
        .from = (const fm_scheme *const *)from->schemes,
        .from_count = from->count,
        .from_labels = (const char *const *)from->labels,
        .stop = cli_stop_flag(),
        .checkpoint = arguments.checkpoint,
        .checkpoint_seconds = arguments.checkpoint_interval,
        .save = cli_save_count(),
        .on_find = on_find,
        .on_message = on_message,
        .on_progress = on_progress,
        .progress_seconds = 0.25,
        .context = s,
    };
    return settings;
}

static fm_status search(const fm_tensor *tensor, fm_strategy strategy, fm_objective objective,
                        fm_store *store, fm_error *error)
{
    starts from;
    fm_search_result result;
    bool terminal = isatty(STDERR_FILENO) && isatty(STDOUT_FILENO);
    session s = {.store = store,
                 .output = PTHREAD_MUTEX_INITIALIZER,
                 .tensor = fm_tensor_name(tensor),
                 .redraw = terminal};
    fm_tensor *through = NULL;
    fm_status status = read_starts(&from, error);
    if (status == FM_OK && arguments.through != NULL)
        status = fm_tensor_parse_format(arguments.through, &through, error);
    fm_search_options settings = settings_of(&s, &from, strategy, objective, through);
    if (status == FM_OK && arguments.metrics != NULL)
        status = open_metrics(&s, fm_search_engine(tensor, &settings), error);
    if (status == FM_OK && arguments.lift)
        status = cli_lifter_start(store, on_lift, &s, &s.lifter, error);
    if (status == FM_OK)
        status = fm_search(tensor, &settings, &result, error);
    erase_table(&s);
    fm_status found = status;
    if (s.lifter != NULL)
        status = end_lifts(&s, status, error);
    bool ended = found == FM_OK || found == FM_NO || found == FM_INTERRUPTED;
    if (ended && arguments.json)
        print_outcome_json(&result, s.tensor, found);
    else if (ended)
        print_outcome(&result, s.tensor, found);
    if (ended)
        cli_metrics_end(&s.metrics, &result);
    cli_metrics_close(&s.metrics);
    fm_tensor_free(through);
    starts_clear(&from);
    return status;
}

/* Options that the chosen engine would not look at; NULL when there are none. */
static const char *idle_option(fm_strategy strategy, unsigned objective)
{
    const char *engine = arguments.engine != NULL ? arguments.engine : "flips";
    bool walks = strcmp(engine, "flips") == 0 || strcmp(engine, "auto") == 0;
    bool mcts = strcmp(engine, "mcts") == 0 || strcmp(engine, "auto") == 0;
    if (arguments.symmetry != NULL && strcmp(engine, "symmetric") != 0)
        return "--symmetry: only with --engine symmetric";
    if (arguments.coefficients != NULL && strcmp(engine, "mcts") != 0)
        return "--coefficients: only with --engine mcts";
    if (arguments.model != NULL && !mcts)
        return "--model: only with --engine mcts or auto";
    if ((strategy != FM_STRATEGY_GROWTH || arguments.through != NULL) && !walks)
        return "--strategy and --through: only with --engine flips or auto";
    if (objective != FM_OBJECTIVE_RANK && !walks)
        return "--objective: only with --engine flips or auto";
    return NULL;
}

static int run(size_t count, char **operands)
{
    (void)count;
    fm_error error;
    fm_tensor *tensor;
    static const char *const objectives[] = {"rank", "additions", "flips"};
    fm_strategy strategy;
    unsigned objective;
    fm_store *store = NULL;
    const char *folder = arguments.store != NULL ? arguments.store : cli_default_store();
    cli_catch_signals(); /* a SIGUSR1 that came sooner would end the process */
    if (arguments.target > UINT32_MAX || arguments.threads > 4096 || arguments.walkers > 1000000 ||
        arguments.distinct > 1000000)
        return cli_error("--target, --distinct, --threads or --walkers: too large");
    if (!cli_parse_strategy(arguments.strategy, &strategy))
        return cli_error("--strategy: expected growth, pools or walks");
    if (!parse_name(arguments.objective, objectives, 3, &objective))
        return cli_error("--objective: expected rank, additions or flips");
    if (arguments.coefficients != NULL && cli_parse_coefficients(arguments.coefficients) == 0)
        return cli_error("--coefficients: expected -B..B, B from 1 to 4");
    const char *idle = idle_option(strategy, objective);
    if (idle != NULL)
        return cli_error("%s", idle);
    if (arguments.lift && arguments.ring.kind != FM_RING_ZP)
        return cli_error("--lift: finds over f2 or f3 are lifted (--ring), not over zt");
    fm_status status = cli_read_tensor(operands[0], &tensor, &error);
    if (status != FM_OK)
        return cli_exit_code(status, &error);
    status = fm_store_open(folder, true, &store, &error);
    if (status == FM_OK)
        status = search(tensor, strategy, (fm_objective)objective, store, &error);
    fm_store_close(store);
    fm_tensor_free(tensor);
    return cli_exit_code(status, &error);
}

const cli_command cli_command_search = {
    .name = "search",
    .operands = "FORMAT|TENSOR",
    .summary = "search for schemes of low rank",
    .details =
        "Random walks on the flip graph of the tensor of a format such as 4x4x5, of another that\n"
        "'fewmul tensor' explains, such as 3:upper*general, or of a tensor file. Every find is\n"
        "verified exactly and put into the results store before it is reported. Without --target "
        "and --time the search goes on until it is interrupted;\n"
        "SIGINT and SIGTERM end it with everything found saved.\n\n"
        "Strategies: growth goes from small formats to the whole, with pools of the best schemes\n"
        "of each that all walkers share; pools takes the whole only; with walks, each walker goes\n"
        "for itself. From given schemes, growth is pools.\n\n"
        "The same --seed gives the same search on one thread, and with --strategy walks and a "
        "number\n"
        "of --walkers on any number of threads.\n\n"
        "With --lift, finds over f2 and f3 are lifted beside the search, on a thread more: the "
        "newest\n"
        "of the lowest rank first; those that a lower rank overtakes before their turn are not. "
        "Each\n"
        "lift is saved with the hash of its find as its parent.\n\n"
        "Examples:\n"
        "  fewmul search 3x3x3 --target 23\n"
        "  fewmul search 4x4x4 --ring f2 --target 47 --time 10m\n"
        "  fewmul search 3x4x5 --ring f2 --target 47 --lift\n"
        "  fewmul search 4x5x5 --from known.json --time 2h --store finds",
    .options = options,
    .operands_min = 1,
    .operands_max = 1,
    .run = run,
};
