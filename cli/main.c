/* The command: finds the subcommand, parses its options by its table, runs it. */
#include "command.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* In the order of the help; NULL ends it. */
/* clang-format off */
static const cli_command *const commands[] = {
    &cli_command_search,
    &cli_command_verify,
    &cli_command_show,
    &cli_command_convert,
    &cli_command_lift,
    &cli_command_derive,
    &cli_command_compare,
    &cli_command_gen,
    &cli_command_results,
    &cli_command_tensor,
    &cli_command_plan,
    &cli_command_bench_flips,
    &cli_command_bench_search,
    &cli_command_bench_verify,
    &cli_command_bench_gemm,
    NULL,
};
/* clang-format on */

/* Options that have a short form, in every subcommand that has the option. */
static const struct {
    char letter;
    const char *name;
} short_forms[] = {{'h', "help"}, {'o', "output"}};

static const cli_option common_options[] = {
    {"help", NULL, CLI_FLAG, NULL, "print this help and exit"},
    {NULL, NULL, CLI_FLAG, NULL, NULL},
};

/* ---------------------------------------------------------------- errors and signals */

int cli_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("fewmul: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return CLI_WRONG;
}

static volatile int stop_signal;

static volatile int save_signals;

static void on_save_signal(int number)
{
    (void)number;
    save_signals++;
}

static void on_signal(int number)
{
    /* The second one: no more waiting. Not so SIGTERM, which a batch system sends more than once. */
    if (stop_signal != 0 && number == SIGINT) {
        signal(number, SIG_DFL);
        raise(number);
    }
    stop_signal = number;
}

void cli_catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    action.sa_handler = on_save_signal;
    sigaction(SIGUSR1, &action, NULL);
}

const volatile int *cli_save_count(void)
{
    return &save_signals;
}

const volatile int *cli_stop_flag(void)
{
    return &stop_signal;
}

int cli_exit_code(fm_status status, const fm_error *error)
{
    switch (status) {
    case FM_OK:
        return CLI_DONE;
    case FM_NO:
        return CLI_NO;
    case FM_INTERRUPTED:
        return 128 + stop_signal;
    default:
        return cli_error("%s", error->message);
    }
}

/* ---------------------------------------------------------------- shared operands */

fm_status cli_read_tensor(const char *operand, fm_tensor **out, fm_error *error)
{
    struct stat status;
    bool file = stat(operand, &status) == 0 && !S_ISDIR(status.st_mode);
    if (!file && strchr(operand, '/') == NULL)
        return fm_tensor_parse_name(operand, out, error);
    return fm_tensor_read(operand, out, error);
}

bool cli_parse_strategy(const char *name, fm_strategy *strategy)
{
    static const char *const names[] = {"growth", "pools", "walks"};
    for (int s = FM_STRATEGY_GROWTH; s <= FM_STRATEGY_WALKS; s++)
        if (strcmp(name, names[s]) == 0) {
            *strategy = (fm_strategy)s;
            return true;
        }
    return false;
}

unsigned cli_parse_coefficients(const char *text)
{
    int least, most, length = 0;
    bool is_range = text != NULL && sscanf(text, "%2d..%2d%n", &least, &most, &length) == 2 &&
                    text[length] == '\0' && least == -most && most >= 1 && most <= 4;
    return is_range ? (unsigned)most : 0;
}

const char *cli_default_store(void)
{
    const char *store = getenv("FEWMUL_STORE");
    return store != NULL && store[0] != '\0' ? store : "fewmul-results";
}

/* ---------------------------------------------------------------- help and manual pages */

static void print_default(const cli_option *option)
{
    char name[FM_RING_NAME_SIZE];
    if (option->kind == CLI_STRING && *(const char **)option->target != NULL)
        printf(" [%s]", *(const char **)option->target);
    if (option->kind == CLI_COUNT && *(uint64_t *)option->target != 0)
        printf(" [%" PRIu64 "]", *(uint64_t *)option->target);
    if (option->kind == CLI_SECONDS && *(double *)option->target != 0)
        printf(" [%g]", *(double *)option->target);
    if (option->kind == CLI_RING && cli_ring_given(*(fm_ring *)option->target))
        printf(" [%s]", fm_ring_name(*(fm_ring *)option->target, name));
}

/* The letter of an option's short form, 0 when it has none. */
static char short_form(const char *name)
{
    for (size_t s = 0; s < sizeof short_forms / sizeof *short_forms; s++)
        if (strcmp(short_forms[s].name, name) == 0)
            return short_forms[s].letter;
    return 0;
}

static void print_options(const cli_option *option)
{
    for (; option->name != NULL; option++) {
        char letter = short_form(option->name);
        int width = letter != 0 ? printf("  -%c, ", letter) : printf("  ");
        width += printf("--%s%s%s", option->name, option->argument != NULL ? " " : "",
                        option->argument != NULL ? option->argument : "");
        printf("%*s%s", width < 24 ? 26 - width : 2, "", option->help);
        print_default(option);
        putchar('\n');
    }
}

static int print_command_help(const cli_command *command)
{
    printf("usage: fewmul %s [options]%s%s\n\n%s\n", command->name,
           command->operands[0] != '\0' ? " " : "", command->operands, command->summary);
    if (command->details[0] != '\0')
        printf("\n%s\n", command->details);
    printf("\nOptions (the default in brackets):\n");
    print_options(command->options);
    print_options(common_options);
    return CLI_DONE;
}

static int print_help(void)
{
    printf("usage: fewmul COMMAND [options] ...\n\n"
           "Finds, proves and runs matrix multiplication algorithms that use fewer multiplications."
           "\n\nCommands:\n");
    for (int c = 0; commands[c] != NULL; c++)
        printf("  %-14s %s\n", commands[c]->name, commands[c]->summary);
    printf("\n'fewmul COMMAND --help' explains a command; 'fewmul --version' prints the version.\n"
           "Exit codes: 0 done; 1 the answer is no; 2 the call or the input is wrong; 130 and 143\n"
           "interrupted by a signal, everything saved.\n");
    return CLI_DONE;
}

/* One roff text line: a leading dot or quote and every backslash and hyphen protected. */
static void print_roff(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        bool line_start = c == text || c[-1] == '\n';
        if (line_start && (*c == '.' || *c == '\''))
            fputs("\\&", stdout);
        if (*c == '\\')
            fputs("\\e", stdout);
        else if (*c == '-')
            fputs("\\-", stdout);
        else
            putchar(*c);
    }
}

static void print_roff_options(const cli_option *option)
{
    for (; option->name != NULL; option++) {
        char letter = short_form(option->name);
        printf(".TP\n.B ");
        if (letter != 0)
            printf("\\-%c, ", letter);
        printf("\\-\\-");
        print_roff(option->name);
        if (option->argument != NULL)
            printf(" \\fI%s\\fR", option->argument);
        putchar('\n');
        print_roff(option->help);
        print_default(option);
        putchar('\n');
    }
}

static void print_roff_command(const cli_command *command)
{
    printf(".SS fewmul %s [options] %s\n", command->name, command->operands);
    print_roff(command->summary);
    printf(".\n.PP\n.nf\n");
    print_roff(command->details);
    printf("\n.fi\n");
    print_roff_options(command->options);
}

/* The manual page, fewmul(1), made from the same tables as the help. */
static int print_manual(void)
{
    printf(".TH FEWMUL 1 \"\" \"fewmul %s\" \"User Commands\"\n.SH NAME\n"
           "fewmul \\- find, prove and run matrix multiplication algorithms\n.SH SYNOPSIS\n"
           ".B fewmul\n.I COMMAND\n[options] ...\n.SH COMMANDS\n",
           fm_version());
    for (int c = 0; commands[c] != NULL; c++)
        print_roff_command(commands[c]);
    printf(".SH EXIT STATUS\n.TP\n.B 0\ndone\n.TP\n.B 1\nthe answer is no: an invalid scheme, a "
           "target rank not reached\n.TP\n.B 2\nthe call or the input is wrong\n.TP\n"
           ".B 130, 143\ninterrupted by a signal, everything saved\n"
           ".SH ENVIRONMENT\n.TP\n.B FEWMUL_STORE\nthe results store when \\-\\-store is not "
           "given [fewmul\\-results]\n");
    return CLI_DONE;
}

/* ---------------------------------------------------------------- parsing */

static const cli_option *find_option(const cli_option *option, const char *name, size_t length)
{
    for (; option->name != NULL; option++)
        if (strlen(option->name) == length && strncmp(option->name, name, length) == 0)
            return option;
    return NULL;
}

/* The option that a word such as --name, --name=value or -o stands for, or NULL; *value is what
   follows the equals sign, NULL when there is none. */
static const cli_option *match_option(const cli_option *options, const char *text,
                                      const char **value)
{
    *value = NULL;
    if (text[1] != '-') {
        for (size_t s = 0; s < sizeof short_forms / sizeof *short_forms; s++)
            if (text[1] == short_forms[s].letter && text[2] == '\0')
                return find_option(options, short_forms[s].name, strlen(short_forms[s].name));
        return NULL;
    }
    size_t length = strcspn(text + 2, "=");
    if (text[2 + length] == '=')
        *value = text + 2 + length + 1;
    return find_option(options, text + 2, length);
}

static bool parse_count(const char *text, uint64_t *out)
{
    static const char units[] = "kMGT";
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || errno != 0)
        return false;
    const char *unit = *end != '\0' ? strchr(units, *end) : NULL;
    for (int power = 0; unit != NULL && power <= unit - units; power++)
        if (__builtin_mul_overflow(value, 1000, &value))
            return false;
    *out = value;
    return *(unit != NULL ? end + 1 : end) == '\0';
}

static bool parse_seconds(const char *text, double *out)
{
    static const char units[] = "smhd";
    static const double seconds[] = {1, 60, 3600, 86400};
    char *end;
    double value = strtod(text, &end);
    if (end == text || !(value >= 0) || value > 1e12)
        return false;
    const char *unit = *end != '\0' ? strchr(units, *end) : NULL;
    *out = unit != NULL ? value * seconds[unit - units] : value;
    return *(unit != NULL ? end + 1 : end) == '\0';
}

/* Returns CLI_DONE, or CLI_WRONG after a message. */
static int set_option(const cli_option *option, const char *text)
{
    fm_error error;
    switch (option->kind) {
    case CLI_FLAG:
        *(bool *)option->target = true;
        return CLI_DONE;
    case CLI_STRING:
        *(const char **)option->target = text;
        return CLI_DONE;
    case CLI_LIST: {
        cli_list *list = option->target;
        list->items = realloc(list->items, (list->count + 1) * sizeof *list->items);
        if (list->items == NULL)
            return cli_error("out of memory");
        list->items[list->count++] = text;
        return CLI_DONE;
    }
    case CLI_COUNT:
        if (parse_count(text, option->target))
            return CLI_DONE;
        return cli_error("--%s: '%s' is not a count such as 1000 or 20k", option->name, text);
    case CLI_SECONDS:
        if (parse_seconds(text, option->target))
            return CLI_DONE;
        return cli_error("--%s: '%s' is not a time such as 90, 1.5 or 2h", option->name, text);
    case CLI_RING:
        if (fm_ring_parse(text, option->target, &error) == FM_OK)
            return CLI_DONE;
        return cli_error("--%s: %s", option->name, error.message);
    }
    return CLI_WRONG;
}

/* Parses --name, --name=value, --name value and short forms; puts the operands to the front of
   arguments. "--" ends the options. Returns CLI_DONE and the number of operands, or an exit code. */
static int parse_arguments(const cli_command *command, int count, char **arguments,
                           size_t *operand_count)
{
    size_t operands = 0;
    bool options_end = false;
    for (int a = 0; a < count; a++) {
        const char *text = arguments[a];
        if (options_end || text[0] != '-' || text[1] == '\0') {
            arguments[operands++] = arguments[a];
            continue;
        }
        if (strcmp(text, "--") == 0) {
            options_end = true;
            continue;
        }
        const char *value;
        const cli_option *option = match_option(command->options, text, &value);
        if (option == NULL)
            return cli_error("unknown option '%s'; see 'fewmul %s --help'", text, command->name);
        if (option->kind == CLI_FLAG && value != NULL)
            return cli_error("--%s takes no argument", option->name);
        if (option->kind != CLI_FLAG && value == NULL) {
            if (a + 1 >= count)
                return cli_error("--%s needs an argument: %s", option->name, option->argument);
            value = arguments[++a];
        }
        int code = set_option(option, value);
        if (code != CLI_DONE)
            return code;
    }
    *operand_count = operands;
    return CLI_DONE;
}

static bool asks_for_help(int count, char **arguments)
{
    for (int a = 0; a < count && strcmp(arguments[a], "--") != 0; a++)
        if (strcmp(arguments[a], "--help") == 0 || strcmp(arguments[a], "-h") == 0)
            return true;
    return false;
}

static int run_command(const cli_command *command, int count, char **arguments)
{
    size_t operand_count = 0;
    if (asks_for_help(count, arguments))
        return print_command_help(command);
    int code = parse_arguments(command, count, arguments, &operand_count);
    if (code != CLI_DONE)
        return code;
    if (operand_count < command->operands_min || operand_count > command->operands_max)
        return cli_error("usage: fewmul %s [options] %s; see 'fewmul %s --help'", command->name,
                         command->operands, command->name);
    return command->run(operand_count, arguments);
}

/* The command whose name is the first one or two arguments; *used is how many. */
static const cli_command *find_command(int count, char **arguments, int *used)
{
    for (int c = 0; commands[c] != NULL; c++) {
        const char *name = commands[c]->name, *space = strchr(name, ' ');
        size_t length = space != NULL ? (size_t)(space - name) : strlen(name);
        if (strlen(arguments[0]) != length || strncmp(arguments[0], name, length) != 0)
            continue;
        if (space != NULL && (count < 2 || strcmp(arguments[1], space + 1) != 0))
            continue;
        *used = space != NULL ? 2 : 1;
        return commands[c];
    }
    return NULL;
}

/* stdout may be a pipe that broke or a disk that is full: a result that was not written is an
   error. */
static int close_stdout(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    /* The command may have found out, and said so. */
    return code == CLI_WRONG ? code : cli_error("standard output: %s", strerror(errno));
}

int main(int argc, char **argv)
{
    int used = 0;
    bool bench_help = argc == 3 && strcmp(argv[1], "bench") == 0 && strcmp(argv[2], "--help") == 0;
    if (argc < 2 || bench_help || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_help();
        return close_stdout(argc < 2 ? CLI_WRONG : CLI_DONE);
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("fewmul %s\n", fm_version());
        return close_stdout(CLI_DONE);
    }
    if (strcmp(argv[1], "--manual") == 0)
        return close_stdout(print_manual());
    const cli_command *command = find_command(argc - 1, argv + 1, &used);
    if (command == NULL)
        return cli_error("unknown command '%s%s%s'; see 'fewmul --help'", argv[1],
                         strcmp(argv[1], "bench") == 0 && argc > 2 ? " " : "",
                         strcmp(argv[1], "bench") == 0 && argc > 2 ? argv[2] : "");
    return close_stdout(run_command(command, argc - 1 - used, argv + 1 + used));
}
