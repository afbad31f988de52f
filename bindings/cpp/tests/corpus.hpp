// Functions that run the cases of tests/conformance. Every language must return the same verdicts.
#pragma once

#include "check.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>

using nlohmann::json;

inline json verdict(const bouncer::Failure &failure) {
    json found = {{"status", failure.name()}};
    if (failure.claim()) {
        found["claim"] = *failure.claim();
    }
    return found;
}

/// Calls `verify` for each case of the JSON files in `folder`, with the content of the file and the
/// case. It returns the actual result. Returns the exit status of the program: 0 if there are at
/// least `minimum` cases and every result is the expected one.
template <class Verify>
int run_cases(const std::filesystem::path &folder, std::size_t minimum, const Verify &verify) {
    std::size_t cases = 0;
    std::size_t differing = 0;
    for (const auto &entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() != ".json") {
            continue;
        }
        std::ifstream stream(entry.path());
        const json file = json::parse(stream);
        for (const json &each : file.at("cases")) {
            const json &expected = each.at("expect");
            const json found = verify(file, each);
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
    return cases >= minimum && differing == 0 ? 0 : 1;
}
