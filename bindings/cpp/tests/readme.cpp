// Runs the program of README.md that accepts tokens of two issuers. GATEWAY is the file with that
// program, and DOCUMENT is the file with the configuration document before it.
#include "issuers.hpp"

#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>

#define main gateway
#include GATEWAY
#undef main

/// The output of the program for these lines of input.
static std::string output_for(const std::string &path, const std::string &input) {
    std::istringstream in(input);
    std::ostringstream out;
    std::streambuf *const of_cin = std::cin.rdbuf(in.rdbuf());
    std::streambuf *const of_cout = std::cout.rdbuf(out.rdbuf());
    std::string name = "gateway", argument = path;
    char *argv[] = {name.data(), argument.data(), nullptr};
    CHECK(gateway(2, argv) == 0);
    std::cin.rdbuf(of_cin);
    std::cout.rdbuf(of_cout);
    std::cin.clear();
    return out.str();
}

int main(int argc, char **argv) {
    CHECK(argc == 2);
    const std::string path = argv[1];
    const auto write = [&](const std::string &document) { std::ofstream(path) << document; };

    const std::string lines =
        "Bearer " + token_of_a + "\nBearer " + token_of_b + "\ntoken=" + token_a + "\nBasic x\n";
    write(configuration({entry_a, entry_b, entry_dcos}, 10000));
    CHECK(output_for(path, lines + "reload\n") == "https://a.example/\nhttps://b.example/\nDC/OS\n"
                                                  "401 malformed_authorization\nreloaded\n");
    write(configuration({entry_a, entry_dcos}));
    CHECK(output_for(path, lines) == "https://a.example/\n401 wrong_issuer\nDC/OS\n"
                                     "401 malformed_authorization\n");

    // The document of README.md loads. A verifier would fetch its keys.
    const std::string document = read(DOCUMENT);
    const bouncer::VerifierSettings settings = bouncer::VerifierSettings().load(document);
    CHECK(document.size() > 100 && bouncer_settings_error(settings.handle()) == nullptr);
    CHECK(settings.document().find("https://idp.example/") != std::string_view::npos);
}
