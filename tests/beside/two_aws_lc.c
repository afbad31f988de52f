/* Uses two aws-lc: that of the library `second`, and that of bouncer_verify. */
#define main verify_main
#include "../../bindings/c/examples/verify.c"
#undef main

void second_sha256(const uint8_t *data, size_t len, uint8_t *digest);

/* Returns 1 if the second library computes the right SHA-256. */
static int second_works(void)
{
    /* FIPS 180-4, example "abc". */
    static const uint8_t expected[32] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
                                         0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
                                         0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
    uint8_t digest[32];
    second_sha256((const uint8_t *)"abc", 3, digest);
    return memcmp(digest, expected, sizeof digest) == 0;
}

int main(int argc, char **argv)
{
    if (!second_works() || verify_main(argc, argv) != 0 || !second_works()) {
        return 1;
    }
    return 0;
}
