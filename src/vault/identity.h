// SPDX-License-Identifier: Apache-2.0
// vault/identity.h -- who writes, for key files and locks.
#pragma once

#include <string>

namespace tocsin::vault {

std::string own_user_name(); // empty where the user has none
std::string own_host_name();

} // namespace tocsin::vault
