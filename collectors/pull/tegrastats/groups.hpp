// Which parts of a line are sent.
#pragma once

namespace scops::tegrastats {

struct Groups {
  bool ram = false, temp = false, swap = false, iram = false, cpu = false, gpu = false, emc = false,
       engines = false, power = false, lfb = false, temp_max = false;
  bool lowercase_zones = false;  // of the tag `zone`
};

inline constexpr Groups all_groups{.ram = true,
                                   .temp = true,
                                   .swap = true,
                                   .iram = true,
                                   .cpu = true,
                                   .gpu = true,
                                   .emc = true,
                                   .engines = true,
                                   .power = true,
                                   .lfb = true,
                                   .temp_max = true};

}  // namespace scops::tegrastats
