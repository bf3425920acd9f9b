# SPDX-License-Identifier: Apache-2.0
"""Destroyers: ordinary programs, each a shell command that runs inside the tree only.

Nobody here wrote the programs; what they do to files is what the guard is judged by. What no ordinary program
does is done by the simulator (attacks_simulated.py); attacks from other sides, and those whose results look honest,
have files of their own (attacks_elsewhere.py, attacks_disguised.py).
"""
from attack import EACH, FILES, Attack
from attacks_disguised import DISGUISED
from attacks_elsewhere import ELSEWHERE
from attacks_simulated import SIMULATED

PYTHON_IN_PLACE = """python3 -c "
import os
for d, _, fs in os.walk('.'):
    for f in fs:
        p = os.path.join(d, f)
        if os.path.islink(p): continue
        with open(p, 'r+b') as h:
            n = os.fstat(h.fileno()).st_size
            h.write(os.urandom(n))
\""""

# It reads back what it wrote, by another descriptor, before it closes the first.
PYTHON_READS_BACK = PYTHON_IN_PLACE.replace("h.write(os.urandom(n))",
                                            "h.write(os.urandom(n)); h.flush(); open(p, 'rb').read(1)")

# One process over all files of the tree, which are opened one after another, or all at first.
FIO_ALL_OPEN = 'ulimit -n "$(ulimit -Hn)"; fio --name=x --rw=write --bs=4k --opendir=. --file_service_type=sequential ' \
               "--overwrite=1 --allow_file_create=0 --refill_buffers --output=/dev/null --ioengine="
FIO = FIO_ALL_OPEN.replace("--opendir", "--openfiles=1 --opendir")
OPENSSL = "openssl enc -aes-256-ctr -pbkdf2 -iter 1 -k secret"


def dd_in_pieces(unit, every, first=0):
    """One piece of `unit` bytes of each `every`, at most 64 a file, from the piece `first` on."""
    return f'{EACH} n=$(stat -c %s "$f"); for ((p = {first}; p * {unit} < n && p < 64 * {every}; p += {every})); do ' \
           f'dd if=/dev/urandom of="$f" bs={unit} count=1 seek=$p conv=notrunc status=none; done; done'


PROGRAMS = {
    "S01-ccencrypt": Attack("ccencrypt -r -f -K secret .", ("ccencrypt",)),
    "S01-shred": Attack(f"{FILES} -print0 | xargs -0 shred -n1"),
    "S01-shred-u": Attack(f"{FILES} -print0 | xargs -0 shred -n1 -u"),
    "S02-gpg-rm": Attack(f'{EACH} gpg --batch --quiet --yes --homedir "$SCRATCH" --passphrase secret '
                         '--pinentry-mode loopback -c "$f" && rm "$f"; done', ("gpg",)),
    "S02-openssl-rm": Attack(f'{EACH} {OPENSSL} -in "$f" -out "$f.enc" && rm "$f"; done'),
    "S02-openssl-rm-at-end": Attack(f'{FILES} -print0 > "$SCRATCH/list"; while IFS= read -r -d "" f; do '
                                    f'{OPENSSL} -in "$f" -out "$f.enc"; done < "$SCRATCH/list"; '
                                    'xargs -0 rm < "$SCRATCH/list"'),
    "S02-openssl-shred": Attack(f'{EACH} {OPENSSL} -in "$f" -out "$f.enc" && shred -n1 -u "$f"; done'),
    "S02-age-rm": Attack(f'{EACH} age -R "$SCRATCH/public" -o "$f.age" "$f" && rm "$f"; done', ("age",),
                         before_guard='age-keygen -o "$SCRATCH/key"; age-keygen -y "$SCRATCH/key" > "$SCRATCH/public"'),
    "S03-dd-16-bytes": Attack(dd_in_pieces(16, 2)),
    "S03-dd-4k-of-40k": Attack(dd_in_pieces(4096, 10)),
    "S03-dd-4k-of-40k-magic-kept": Attack(dd_in_pieces(4096, 10, first=1)),
    "S05-fio-mmap": Attack(f"{FILES} -size +4k -print0 | while IFS= read -r -d '' f; do fio --name=x --ioengine=mmap "
                           "--rw=write --bs=4k --size=4k --overwrite=1 --allow_file_create=0 --filename=\"$f\" "
                           "--refill_buffers --buffer_compress_percentage=0 --output=/dev/null >/dev/null; done",
                           ("fio",)),
    "S05-fio-mmap-of-all": Attack(FIO + "mmap", ("fio",)),
    "S06-fio-io_uring": Attack(FIO + "io_uring", ("fio",)),
    "S06-fio-io_uring-sqpoll": Attack(FIO_ALL_OPEN + "io_uring --sqthread_poll=1", ("fio",)),
    "S07-fio-libaio-direct": Attack(FIO + "libaio --direct=1 --iodepth=4", ("fio",)),
    "S07-dd-direct": Attack(f'{EACH} dd if=/dev/urandom of="$f" bs=4096 count=$((($(stat -c %s "$f") + 4095) / 4096)) '
                            'oflag=direct conv=notrunc status=none; done'),
    "S07-dd-sync": Attack(f'{EACH} dd if=/dev/urandom of="$f" bs=4096 count=4 oflag=sync conv=notrunc status=none; done'),
    "S08-punch": Attack(f'{EACH} fallocate -p -o 0 -l "$(stat -c %s "$f")" "$f"; done'),
    "S08-zero": Attack(f'{EACH} fallocate -z -o 0 -l "$(stat -c %s "$f")" "$f"; done'),
    "S08-collapse": Attack(f'{FILES} -size +8k -print0 | xargs -0 -n1 fallocate -c -o 0 -l 4096', fs=("ext4", "xfs")),
    "S08-insert": Attack(f'{FILES} -size +8k -print0 | xargs -0 -n1 fallocate -i -o 4096 -l 4096', fs=("ext4", "xfs")),
    "S09-truncate-path": Attack(f"{FILES} -print0 | perl -0 -ne 'chomp; truncate($_, 0)'"),
    "S09-truncate-fd": Attack(f"{FILES} -print0 | perl -0 -ne 'chomp; open(my $h, \"+<\", $_); truncate($h, 0); close $h'"),
    "S09-o-trunc": Attack(f'{EACH} : > "$f"; done'),
    "S10-rename-over": Attack(f'{EACH} head -c 4096 /dev/urandom > .junk; mv -fT .junk "$f"; done'),
    "S11-rm-rf": Attack('rm -rf ./* '),
    "S11-find-delete": Attack("find . -mindepth 1 -delete"),
    "S11-files-beside-folders": Attack("find . -mindepth 1 -delete", before_guard="for d in folder-00[12]; do "
                                       '[ ! -d "$d" ] || cp -p "$d"/* .; done'),
    "S11-rsync-empty": Attack('mkdir -p "$SCRATCH/empty" && rsync -a --delete "$SCRATCH/empty/" ./', ("rsync",)),
    "S11-git-clean": Attack("git -c init.defaultBranch=m init -q . && git clean -fdxq", ("git",)),
    "S11-rm-beside-temps": Attack(
        "perl -MFile::Find -e 'my $top = $$; if (!fork) { for (my $i = 0; getppid() == $top; ++$i) "
        "{ symlink(\"x\", \".t$i\"); unlink(\".t$i\") } exit } sleep 1; find(sub { unlink }, \".\")'"),
    "S13-cp-reflink": Attack(f'head -c 65536 /dev/zero > "$BESIDE/zeros"; {FILES} -print0 | '
                             'xargs -0 -n1 cp --reflink=always "$BESIDE/zeros"', fs=("xfs", "btrfs")),
    "S14-chmod": Attack("chmod -R 000 ."),
    "S14-setfacl": Attack(f"{FILES} -print0 | xargs -0 setfacl -b && {FILES} -print0 | xargs -0 chmod 0"),
    "S14-setfacl-alone": Attack(f"{FILES} -print0 | xargs -0 setfacl -b",
                                before_guard=f"{FILES} -print0 | xargs -0 setfacl -m u:1001:rw"),
    "S14-setfattr": Attack(f"{FILES} -print0 | xargs -0 setfattr -x user.label",
                           before_guard=f"{FILES} -print0 | xargs -0 setfattr -n user.label -v confidential"),
    "S14-chmod-and-move": Attack(f"{FILES} -print0 | perl -0 -ne 'chomp; chmod(0, $_); rename($_, \"$_.old\")'"),
    "S14-chown": Attack("chown -R 4242:4242 ."),
    "S14-touch": Attack(f"{FILES} -print0 | xargs -0 touch -t 200001010000"),
    "S15-rename-random": Attack(f'{EACH} mv "$f" "$(dirname "$f")/$(head -c 8 /dev/urandom | od -An -tx1 | '
                                'tr -d " \\n")"; done'),
    "S15-rename-suffix": Attack(f"{FILES} -print0 | perl -0 -ne 'chomp; rename($_, \"$_.locked\")'"),
    "S15-rename-program": Attack(f"{FILES} -print0 | file-rename -0 's/$/.locked/'", ("file-rename",)),
    "S16-7z-sdel": Attack('7z a -psecret -mhe=on -sdel -bd -bso0 -bsp0 ../$$.7z . ; true', ("7z",)),
    "S16-zip-m": Attack("zip -q -r -m -P secret all.zip .", ("zip",)),
    "S18-find-exec": Attack(f"find . -type f ! -name '.*' -exec {OPENSSL} -in {{}} -out {{}}.enc \\; -exec rm {{}} \\;"),
    "S18-xargs-p16": Attack(f"{FILES} -print0 | xargs -0 -P16 -n1 sh -c '{OPENSSL} -in \"$0\" -out \"$0.enc\" "
                            "&& rm \"$0\"'"),
    "S18-python": Attack(PYTHON_IN_PLACE),
    "S18-python-reads-back": Attack(PYTHON_READS_BACK),
    "S18-busybox": Attack("busybox find . -type f -exec busybox dd if=/dev/urandom of={} bs=4096 count=2 conv=notrunc "
                          "\\; -exec busybox mv {} {}.locked \\;", ("busybox",)),
    "S24-fork-a-file": Attack(f'{EACH} (shred -n1 "$f"); done'),
    "S24-16-workers": Attack(f"{FILES} -print0 | xargs -0 -P16 -n8 shred -n1"),
    "S24-16-workers-of-two": Attack(f"{FILES} -print0 | xargs -0 -P16 -n2 "
                                    "sh -c 'shred -n1 \"$0\"; sleep 1; shred -n1 \"$1\"'"),
    "S24-double-fork": Attack(f'{EACH} (setsid shred -n1 "$f" & ) ; done; sleep 1'),
}

ATTACKS = dict(sorted({**PROGRAMS, **SIMULATED, **DISGUISED, **ELSEWHERE}.items()))
