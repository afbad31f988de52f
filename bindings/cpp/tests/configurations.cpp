// Runs every case of tests/conformance/configuration. Every language must return the same verdicts.
// The command-line argument is the path of that folder.
#include "check.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>

using bouncer::Verifier;
using nlohmann::json;

static json verdict(const bouncer::Failure &failure) {
    json found = {{"status", failure.name()}};
    if (failure.claim()) {
        found["claim"] = *failure.claim();
    }
    return found;
}

static json verify_case(const std::string &configuration, const std::string &text) {
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
    std::size_t cases = 0;
    std::size_t differing = 0;
    for (const auto &file : std::filesystem::directory_iterator(argv[1])) {
        std::ifstream stream(file.path());
        const json content = json::parse(stream);
        for (const json &each : content.at("cases")) {
            const json &expected = each.at("expect");
            const std::string configuration =
                content.at("configurations").at(each.at("configuration").get<std::string>());
            const json found = verify_case(configuration, each.value("token", ""));
            cases++;
            if (found != expected) {
                differing++;
                std::fprintf(stderr, "%s: expected %s\n    found %s\n",
                             each.at("id").get<std::string>().c_str(), expected.dump().c_str(),
                             found.dump().c_str());
            }
        }
    }
    std::printf("%zu cases, %zu differ\n", cases, differing);
    return cases >= 60 && differing == 0 ? 0 : 1;
}
