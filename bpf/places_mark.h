/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* bpf/places_mark.h -- what the guard hangs on directories for its LSM programs. Shared by both sides. */
#ifndef TOCSIN_BPF_PLACES_MARK_H
#define TOCSIN_BPF_PLACES_MARK_H

enum places_mark {
    PLACE_UNMARKED = 0,
    PLACE_GUARDED = 1,
    PLACE_LEFT_OPEN = 2, /* of what is guarded around it, what is below is not */
    PLACE_UNKNOWN = 3, /* never hung: reached by a file handle with no name cached, or deeper than we look */
};

#endif
