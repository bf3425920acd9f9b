// SPDX-License-Identifier: Apache-2.0
// What decodes must encode to a line that decodes to the same; names survive as JSON text.
#include <cstdint>
#include <cstdlib>

#include "tocsin/answers/protocol.h"

using namespace tocsin;

namespace {

void expect(bool holds)
{
    if (!holds)
        std::abort();
}

std::string_view without_end(std::string_view line)
{
    return line.substr(0, line.size() - 1);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    std::string_view input(reinterpret_cast<char const*>(data), size);
    answers::LineReader lines(4096);
    if (!lines.add(input).ok())
        return 0;
    while (auto line = lines.next()) {
        if (auto request = answers::decode_request(*line); request.ok()) {
            auto first = request.take();
            expect(answers::decode_request(without_end(answers::encode(first))).ok());
        }
        if (auto answer = answers::decode_answer(*line); answer.ok()) {
            auto first = answer.take();
            expect(answers::decode_answer(without_end(answers::encode(first))).ok());
        }
        auto text = answers::json_text(*line);
        expect(answers::bytes_of(json::value(text)).take() == *line);
        expect(parse_json(to_text(json::value(text))).take() == json::value(text));
    }
    return 0;
}
