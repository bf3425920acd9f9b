# SPDX-License-Identifier: Apache-2.0
"""Destroyers: ordinary programs, each a shell command that runs inside the tree ($TREE) only.

Nobody here wrote the programs; what they do to files is what the guard is judged by.
"""

FILES = 'find . -type f ! -name ".*"'

ATTACKS = {
    "S01-ccencrypt": "ccencrypt -r -f -K secret .",
    "S01-shred": f"{FILES} -print0 | xargs -0 shred -n1",
    "S01-shred-u": f"{FILES} -print0 | xargs -0 shred -n1 -u",
    "S02-gpg-rm": f'{FILES} -print0 | while IFS= read -r -d "" f; do gpg --batch --quiet --yes '
                  '--homedir "$SCRATCH" --passphrase secret --pinentry-mode loopback -c "$f" && rm "$f"; done',
    "S02-openssl-rm": f'{FILES} -print0 | while IFS= read -r -d "" f; do '
                      'openssl enc -aes-256-ctr -pbkdf2 -iter 1 -k secret -in "$f" -out "$f.enc" && rm "$f"; done',
    "S02-openssl-rm-at-end": f'{FILES} -print0 > "$SCRATCH/list"; while IFS= read -r -d "" f; do '
                             'openssl enc -aes-256-ctr -pbkdf2 -iter 1 -k secret -in "$f" -out "$f.enc"; '
                             'done < "$SCRATCH/list"; xargs -0 rm < "$SCRATCH/list"',
    "S05-fio-mmap": f"{FILES} -size +4k -print0 | while IFS= read -r -d '' f; do fio --name=x --ioengine=mmap "
                    "--rw=write --bs=4k --size=4k --overwrite=1 --allow_file_create=0 --filename=\"$f\" "
                    "--refill_buffers --buffer_compress_percentage=0 --output=/dev/null >/dev/null; done",
    "S09-truncate-path": f"{FILES} -print0 | perl -0 -ne 'chomp; truncate($_, 0)'",
    "S09-truncate-fd": f"{FILES} -print0 | perl -0 -ne 'chomp; open(my $h, \"+<\", $_); truncate($h, 0); close $h'",
    "S09-o-trunc": f'{FILES} -print0 | while IFS= read -r -d "" f; do : > "$f"; done',
    "S10-rename-over": f'{FILES} -print0 | while IFS= read -r -d "" f; do head -c 4096 /dev/urandom > .junk; '
                       'mv -fT .junk "$f"; done',
    "S11-rm-rf": 'rm -rf ./* ',
    "S11-find-delete": "find . -mindepth 1 -delete",
    "S11-rsync-empty": 'mkdir -p "$SCRATCH/empty" && rsync -a --delete "$SCRATCH/empty/" ./',
    "S11-git-clean": "git -c init.defaultBranch=m init -q . && git clean -fdxq",
    "S11-rm-beside-temps": "perl -MFile::Find -e 'my $top = $$; if (!fork) { for (my $i = 0; getppid() == $top; ++$i) "
    "{ symlink(\"x\", \".t$i\"); unlink(\".t$i\") } exit } sleep 1; find(sub { unlink }, \".\")'",
    "S14-chmod": "chmod -R 000 .",
    "S14-setfacl": f"{FILES} -print0 | xargs -0 setfacl -b && {FILES} -print0 | xargs -0 chmod 0",
    "S14-chmod-and-move": f"{FILES} -print0 | perl -0 -ne 'chomp; chmod(0, $_); rename($_, \"$_.old\")'",
    "S14-chown": "chown -R 4242:4242 .",
    "S14-touch": f"{FILES} -print0 | xargs -0 touch -t 200001010000",
    "S15-rename-random": f'{FILES} -print0 | while IFS= read -r -d "" f; do '
                         'mv "$f" "$(dirname "$f")/$(head -c 8 /dev/urandom | od -An -tx1 | tr -d " \\n")"; done',
    "S15-rename-suffix": f"{FILES} -print0 | perl -0 -ne 'chomp; rename($_, \"$_.locked\")'",
    "S16-7z-sdel": '7z a -psecret -mhe=on -sdel -bd -bso0 -bsp0 ../$$.7z . ; true',
    "S16-zip-m": "zip -q -r -m -P secret all.zip .",
    "S18-find-exec": "find . -type f ! -name '.*' -exec openssl enc -aes-256-ctr -pbkdf2 -iter 1 -k secret "
                     "-in {} -out {}.enc \\; -exec rm {} \\;",
    "S18-xargs-p16": f"{FILES} -print0 | xargs -0 -P16 -n1 sh -c 'openssl enc -aes-256-ctr -pbkdf2 -iter 1 "
                     "-k secret -in \"$0\" -out \"$0.enc\" && rm \"$0\"'",
    "S18-python": "python3 -c \"\nimport os\nfor d, _, fs in os.walk('.'):\n    for f in fs:\n"
                  "        p = os.path.join(d, f)\n        if os.path.islink(p): continue\n"
                  "        with open(p, 'r+b') as h:\n            n = os.fstat(h.fileno()).st_size\n"
                  "            h.write(os.urandom(n))\n\"",
    "S24-fork-a-file": f'{FILES} -print0 | while IFS= read -r -d "" f; do (shred -n1 "$f"); done',
    "S24-16-workers": f"{FILES} -print0 | xargs -0 -P16 -n8 shred -n1",
    "S24-double-fork": f'{FILES} -print0 | while IFS= read -r -d "" f; do (setsid shred -n1 "$f" & ) ; done; sleep 1',
}

# What fio's mmap engine needs: files of at least a page.
NEEDS = {"S01-ccencrypt": "ccencrypt", "S02-gpg-rm": "gpg", "S05-fio-mmap": "fio", "S16-7z-sdel": "7z",
         "S16-zip-m": "zip", "S11-rsync-empty": "rsync", "S11-git-clean": "git"}
