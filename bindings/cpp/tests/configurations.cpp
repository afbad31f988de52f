// Runs every case of tests/conformance/configuration. Every language must return the same verdicts.
// The command-line argument is the path of that folder.
#include "corpus.hpp"

using bouncer::Verifier;

static json verify_case(const json &file, const json &the_case) {
    const std::string configuration =
        file.at("configurations").at(the_case.at("configuration").get<std::string>());
    const std::string text = the_case.value("token", "");
    const bouncer::Result<Verifier> verifier = Verifier::try_from_config(configuration);
    if (!verifier) {
        return verdict(verifier.error());
    }
    const auto verify = [&text](const Verifier &with) {
        const auto token = with.try_verify(text);
        return token ? json{{"status", "ok"}, {"claims", json::parse(token->payload())}}
                     : verdict(token.error());
    };
    const json found = verify(*verifier);

    // A cache must return the same verdict, on a miss and on a hit. So must a verifier whose
    // entries come from a reload.
    const Verifier cached = verifier->with_cache(8);
    CHECK(verify(cached) == found && verify(cached) == found);
    const Verifier reloaded(bouncer::VerifierSettings().accept(document_jwks(), bouncer::Policy::dcos()));
    reloaded.reload(configuration);
    CHECK(verify(reloaded) == found);
    return found;
}

int main(int argc, char **argv) {
    CHECK(argc == 2);
    return run_cases(argv[1], 60, verify_case);
}
