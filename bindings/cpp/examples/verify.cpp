// Verifies a token and prints who it speaks for.
//
//     verify JWKS_FILE TOKEN_FILE [SECONDS]
//
// SECONDS since 1970-01-01T00:00:00Z is the time to judge at, in place of now. Ends with 0 for a verified token, 1 for
// one that is not, 2 where nothing can be said of the token.

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
