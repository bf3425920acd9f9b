// SPDX-License-Identifier: Apache-2.0
#include "tocsin/base/version.h"

namespace tocsin {

std::string_view version()
{
    return TOCSIN_VERSION;
}

} // namespace tocsin
