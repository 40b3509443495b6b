/* Uses the installed library as a stranger would: the standard scheme of 2x2x2 has rank 8 and
   holds, and the header and the library are of one version. C and C++. */
#include <fewmul.h>

#include <stdio.h>
#include <string.h>

static int check_standard_scheme(fm_error *error)
{
    fm_tensor *tensor = NULL;
    fm_scheme *scheme = NULL;
    fm_verdict verdict;
    fm_ring ring;
    int failed = 1;
    memset(&verdict, 0, sizeof verdict);
    if (fm_ring_parse("zt", &ring, error) == FM_OK &&
        fm_tensor_matmul(2, 2, 2, &tensor, error) == FM_OK &&
        fm_scheme_standard(tensor, ring, &scheme, error) == FM_OK &&
        fm_verify(scheme, tensor, ring, &verdict, error) == FM_OK)
        failed = !verdict.valid || fm_scheme_rank(scheme) != 8;
    fm_verdict_clear(&verdict);
    fm_scheme_free(scheme);
    fm_tensor_free(tensor);
    return failed;
}

int main(void)
{
    fm_error error;
    error.message[0] = '\0';
    if (strcmp(fm_version(), FEWMUL_VERSION) != 0) {
        fprintf(stderr, "header %s, library %s\n", FEWMUL_VERSION, fm_version());
        return 1;
    }
    if (check_standard_scheme(&error) != 0) {
        fprintf(stderr, "the standard scheme of 2x2x2: %s\n", error.message);
        return 1;
    }
    return 0;
}
