// Verifies a DC/OS token with the keys in a file, and prints its "uid".
//
//     verify JWKS_FILE TOKEN_FILE [SECONDS]
//
// SECONDS since 1970-01-01T00:00:00Z is the time of the verification; the default is now. Exits
// with 0 if the token is accepted, 1 if it is rejected, and 2 on any other failure.

#include <bouncer_verify.hpp>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

static std::string read_file(const char *path) {
    std::ifstream file(path, std::ios::binary);
    file.exceptions(std::ios::badbit | std::ios::failbit);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

int main(int argc, char **argv) {
    if (argc < 3) {
        std::cerr << "usage: verify JWKS_FILE TOKEN_FILE [SECONDS]\n";
        return 2;
    }
    try {
        const bouncer::JwkSet jwks = bouncer::JwkSet::load(read_file(argv[1]));
        bouncer::PolicySettings settings = bouncer::PolicySettings().profile("dcos");
        if (argc > 3) {
            settings.time(std::stoll(argv[3]));
        }
        const bouncer::Policy policy(settings);
        std::string text = read_file(argv[2]);
        text.erase(text.find_last_not_of("\r\n") + 1);

        const bouncer::VerifiedToken token = bouncer::verify_token(jwks, policy, text);
        std::cout << token.uid().value_or("(no uid)") << '\n';
        return 0;
    } catch (const bouncer::Error &error) {
        std::cerr << error.name() << ": " << error.what() << '\n';
        return error.is_invalid_token() ? 1 : 2;
    } catch (const std::exception &error) {
        std::cerr << error.what() << '\n';
        return 2;
    }
}
