/* Subcommands and their options: one table a subcommand, from which parsing, --help and the manual
   page come. */
#ifndef FM_CLI_COMMAND_H
#define FM_CLI_COMMAND_H

#include "fewmul.h"

typedef enum cli_kind {
    CLI_FLAG,    /* bool; no argument */
    CLI_STRING,  /* const char * */
    CLI_COUNT,   /* uint64_t; decimal digits, with k, M or G for powers of 1000 */
    CLI_SECONDS, /* double; decimal, with s, m, h or d */
    CLI_RING,    /* fm_ring */
    CLI_LIST,    /* cli_list; may be given many times */
} cli_kind;

typedef struct cli_list {
    size_t count;
    const char **items; /* freed when the process ends */
} cli_list;

typedef struct cli_option {
    const char *name;     /* without the dashes; NULL ends a table */
    const char *argument; /* what help calls its argument; NULL for a flag */
    cli_kind kind;
    void *target; /* where the value goes; what stands there before is the default */
    const char *help;
} cli_option;

/* What a CLI_RING option holds when it was not given and has no default. */
#define CLI_NO_RING                                                                                \
    {                                                                                              \
        FM_RING_ZP, 0                                                                              \
    }

static inline bool cli_ring_given(fm_ring ring)
{
    return ring.kind != FM_RING_ZP || ring.p != 0;
}

/* Exit codes, fixed by the contract (fewmul(1)). */
enum {
    CLI_DONE = 0,
    CLI_NO = 1,
    CLI_WRONG = 2,
};

typedef struct cli_command {
    const char *name;     /* "search", "bench flips" */
    const char *operands; /* what follows the options, "FORMAT|TENSOR" */
    const char *summary;  /* one line, for the list of commands */
    const char *details;  /* paragraphs for --help and the manual page */
    const cli_option *options;
    size_t operands_min, operands_max;
    int (*run)(size_t count, char **operands);
} cli_command;

/* Prints "fewmul: message" to stderr and returns CLI_WRONG. */
int cli_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The exit code of a status; prints the message of those that have one. FM_INTERRUPTED is the code
   of the signal that came. */
int cli_exit_code(fm_status status, const fm_error *error);

/* From here on SIGINT, SIGTERM and SIGHUP set *cli_stop_flag() instead of ending the process; a
   second SIGINT ends it at once. SIGUSR1 raises *cli_save_count(). */
void cli_catch_signals(void);
const volatile int *cli_stop_flag(void);
const volatile int *cli_save_count(void);

/* A tensor file, or else the name of a tensor, such as 4x4x5 or 3:upper*general. */
fm_status cli_read_tensor(const char *operand, fm_tensor **out, fm_error *error);

/* What --strategy says; false when there is no such strategy. */
bool cli_parse_strategy(const char *name, fm_strategy *strategy);
/* B of "-B..B", from 1 to 4; 0 when it is anything else, or NULL. Products do not tell a factor from
   its negative, so that no other range makes sense. */
unsigned cli_parse_coefficients(const char *text);

/* Where the results store is when --store is not given: $FEWMUL_STORE, else fewmul-results. */
const char *cli_default_store(void);

extern const cli_command cli_command_search, cli_command_verify, cli_command_show,
    cli_command_convert, cli_command_lift, cli_command_derive, cli_command_compare, cli_command_gen,
    cli_command_results, cli_command_tensor, cli_command_plan, cli_command_bench_flips,
    cli_command_bench_search, cli_command_bench_verify, cli_command_bench_gemm;

#endif
