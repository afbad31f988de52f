// Reads tokens of an issuer from standard input, one per line, and verifies them.
// Prints "ok <sub>" or the name of the error for each token.
#include <bouncer_verify.hpp>

#include <iostream>
#include <string>

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    const bouncer::RemoteJwkSet keys(bouncer::KeysSettings().discover(argv[1]));
    const bouncer::Policy policy(
        bouncer::PolicySettings().issuers({argv[1]}).audiences({argv[2]}).token_type("at+jwt"));
    const bouncer::Verifier verifier(keys, policy);
    for (std::string line; std::getline(std::cin, line);) {
        const auto token = verifier.try_verify(line);
        if (token) {
            std::cout << "ok " << *token->subject() << std::endl;
        } else {
            std::cout << token.error().name() << std::endl;
        }
    }
}
