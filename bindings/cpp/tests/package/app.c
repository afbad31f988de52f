/* A program in C only. */
#include <bouncer_verify.h>

int main(void)
{
    bouncer_jwks *jwks;
    return bouncer_jwks_load("{}", 2, &jwks, NULL) == BOUNCER_STATUS_MALFORMED_JWK_SET ? 0 : 1;
}
