# SPDX-License-Identifier: Apache-2.0
"""Honest work that looks like an attack (benign_work.py says what each has): here with tools for files and
source code, in benign_programs.py with whole programs."""
from benign_programs import PROGRAMS
from benign_work import Work


def _repository(commits, files):
    """A git history whose commits add, change, move and remove many files."""
    return f'''
python3 - "$SCRATCH/history" {commits} {files} <<'PY'
import os, random, shutil, subprocess, sys
top, commits, files = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
os.makedirs(top); rng = random.Random(4)
git = lambda *a: subprocess.run(["git", "-C", top, "-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "gc.auto=0", *a], check=True, stdout=subprocess.DEVNULL)
git("-c", "init.defaultBranch=main", "init", "-q")
names = [f"src/part{{n % 97}}/module{{n}}.c" for n in range(files)]
for c in range(commits):
    for name in rng.sample(names, files if c == 0 else files // 10):
        path = os.path.join(top, name); os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, "w").write("".join(f"int f{{rng.randrange(10**6)}}(void) {{{{ return {{i}}; }}}}\\n" for i in range(rng.randrange(5, 60))))
    if c % 3 == 2:
        for name in rng.sample(names, files // 20):
            path = os.path.join(top, name)
            if os.path.exists(path): os.unlink(path)
    if c % 5 == 4:
        shutil.rmtree(os.path.join(top, f"src/part{{c % 97}}"), ignore_errors=True)
    git("add", "-A"); git("commit", "-q", "-m", f"change {{c}}")
PY
'''


BENIGN = {
    "B01-git": Work(_repository(30, 8000), '''
git clone -q "$SCRATCH/history" "clone$RUN" && cd "clone$RUN"
for n in $(seq 20); do git checkout -q "$(git rev-list main | sed -n "$((n * 7 % 30 + 1))p")"; done
git checkout -q main && git gc -q --prune=now
for n in $(seq 500); do echo "object $n" > "build-$n.tmp"; done; mkdir out; for n in $(seq 500); do echo $n > out/$n; done
git clean -fdxq''', ("git",), False),
    "B02-make": Work('''
mkdir -p project && cd project && python3 - <<'PY'
for n in range(400):
    open(f"unit{n}.c", "w").write("#include <stdio.h>\\n" + "".join(f"int f{n}_{i}(int x) {{ return x * {i} + {n}; }}\\n" for i in range(40)))
    open(f"unit{n}.h", "w").write(f"int f{n}_0(int);\\n")
open("Makefile", "w").write("OBJS := $(patsubst %.c,%.o,$(wildcard unit*.c))\\nall: lib.a\\nlib.a: $(OBJS)\\n\\tar rcs $@ $^\\n%.o: %.c\\n\\tgcc -O0 -MMD -c $< -o $@\\nclean:\\n\\trm -f *.o *.d lib.a\\n")
open("configure", "w").write("#!/bin/sh\\nfor n in $(seq 60); do echo 'int main(void){return 0;}' > conftest.c; gcc conftest.c -o conftest && ./conftest; rm -f conftest conftest.c; done\\necho ok > config.status\\n")
PY''', "cd project && sh ./configure && make -s -j4 && make -s clean && make -s -j4 && rm -f config.status && make -s clean",
                   ("gcc", "make"), False),
    "B03-dpkg": Work('''
mkdir -p root "$SCRATCH/debs" && cd "$SCRATCH/debs" && apt-get -qq download perl-modules-5.36 python3.11-minimal libpython3.11-stdlib git-man 2>/dev/null
mkdir -p "$TREE/root/var/lib/dpkg/updates" "$TREE/root/var/lib/dpkg/info" && touch "$TREE/root/var/lib/dpkg/status" "$TREE/root/var/lib/dpkg/available"
dpkg --root="$TREE/root" --force-all --unpack ./*.deb >/dev/null 2>&1''',
                     'dpkg --root="$TREE/root" --force-all --unpack "$SCRATCH"/debs/*.deb >/dev/null 2>&1; test -d root/usr',
                     ("dpkg",), False),
    "B04-unpack": Work('''tar cf "$SCRATCH/all.tar" files; (cd "$TREE" && find files -depth -print0 | cpio -0 -o --quiet -H newc > "$SCRATCH/all.cpio"); zip -q -r "$SCRATCH/all.zip" files''',
                       '''tar xf "$SCRATCH/all.tar" && unzip -q -o "$SCRATCH/all.zip" && cpio -idu --quiet < "$SCRATCH/all.cpio"''',
                       ("cpio", "zip", "unzip")),
    "B05-mirror": Work('''mkdir -p "$SCRATCH/source" && cp -a files/. "$SCRATCH/source/"''', '''
python3 - "$SCRATCH/source" "$RUN" <<'PY'
import os, random, sys
rng = random.Random(int(sys.argv[2])); files = [os.path.join(d, f) for d, _, fs in os.walk(sys.argv[1]) for f in fs]; files.sort()
for path in rng.sample(files, len(files) // 20): os.unlink(path)
files = [f for f in files if os.path.lexists(f)]
for path in rng.sample(files, len(files) // 20):
    if not os.path.islink(path): open(path, "ab").write(b"a change\\n")
for n in range(len(files) // 50): open(os.path.join(sys.argv[1], f"new-{sys.argv[2]}-{n}.txt"), "w").write("new\\n" * n)
PY
rsync -a --delete "$SCRATCH/source/" files/''', ("rsync",)),
    # As a mirror that goes on beside a busy guard: what is made gets the inode number of what just went. Once:
    # what several runs delete in no order adds up.
    "B05-renewal": Work("", """[ "$RUN" -gt 1 ] || python3 - files "$RUN" <<'PY'
import os, random, sys
rng = random.Random(int(sys.argv[2])); files = [os.path.join(d, f) for d, _, fs in os.walk(sys.argv[1]) for f in fs]; files.sort()
made = [os.path.join(sys.argv[1], f"own-{sys.argv[2]}-{n}") for n in range(300)]
for path in made: open(path, "w").write("own")
for number, path in enumerate(sorted(rng.sample(files, len(files) // 40))):
    for own in made: os.chmod(own, 0o600 if number % 2 else 0o644) # the guard has to do meanwhile
    os.unlink(path)
    made.append(os.path.join(os.path.dirname(path), f"new-{sys.argv[2]}-{number}.key"))
    with open(made[-1], "wb") as new:
        new.write(os.urandom(2000))
PY""", ("python3",)),
    "B10-mogrify": Work('''mkdir photos && cd photos && python3 - <<'PY'
import subprocess
subprocess.run(["convert", "-size", "320x240", "plasma:fractal", "base.jpg"], check=True)
for n in range(300):
    subprocess.run(["convert", "base.jpg", "-modulate", f"{80 + n % 40},{60 + n % 90}", "-swirl", str(n), f"photo-{n:04}.jpg"], check=True)
PY''', "cd photos && mogrify -resize $((90 - RUN * 5))% *.jpg", ("mogrify",), False),
    "B13-gzip": Work("", "find files -type f -links 1 -print0 | xargs -0 gzip -f && find files -name '*.gz' -type f -print0 | xargs -0 gunzip -f", ("gzip",)),
    "B13-xz": Work("", "find files -type f -links 1 -print0 | head -z -n 3000 > $SCRATCH/l; xargs -0 xz -0 -f < $SCRATCH/l; sed -z 's/$/.xz/' $SCRATCH/l | xargs -0 unxz -f; true", ("xz",)),
    "B13-bzip2": Work("", "find files -type f -links 1 -print0 | xargs -0 bzip2 -f && find files -name '*.bz2' -type f -print0 | xargs -0 bunzip2 -f", ("bzip2",)),
    "B13-zstd": Work("", "zstd -q --rm -r files; find files -name '*.zst' -print0 | xargs -0 zstd -q -d --rm; true", ("zstd",)),
    "B18-cache": Work('''python3 - files <<'PY'
import os, random, sys, time
rng = random.Random(9); now = time.time()
for d, _, fs in os.walk(sys.argv[1]):
    for f in fs:
        age = rng.randrange(0, 60) * 86400; os.utime(os.path.join(d, f), (now - age, now - age), follow_symlinks=False)
PY''', "find files -type f -mtime +$((55 - RUN * 8)) -delete"),
    "B26-scan": Work('printf "5d41402abc4b2a76b9719d911017c592:5:Tocsin.Test\\n" > "$SCRATCH/own.hdb"', """
clamscan -r -i --no-summary -d "$SCRATCH/own.hdb" files && sha256sum $(find files -type f | head -n 3000) > SHA256SUMS && find files -type f -print0 | xargs -0 sha256sum > all.sums \
&& updatedb -l 0 -U "$TREE" -o "$SCRATCH/locate.db" --prunepaths '' --prunefs '' --prune-bind-mounts no && rm -f SHA256SUMS all.sums""", ("clamscan", "updatedb")),
    "B28-sparse": Work("""mkdir disks && python3 - <<'END'
import os
for n in range(max(20, int(os.environ["FILES"]) // 20)):
    with open(f"disks/part-{n}.raw", "wb") as out:
        for _ in range(4): out.write(os.urandom(40_000) + bytes(90_000))
with open("disks/machine.img", "wb") as out:
    for _ in range(40): out.write(os.urandom(500_000) + bytes(500_000))
END""", """
for part in disks/part-*.raw; do fallocate -d "$part" && cp --sparse=always "$part" "$part.new" && mv "$part.new" "$part" || exit 1; done
qemu-img convert -c -O qcow2 disks/machine.img disks/machine.qcow2 && qemu-img convert -O raw disks/machine.qcow2 disks/machine.new && mv disks/machine.new disks/machine.img && rm disks/machine.qcow2""",
                       ("qemu-img", "fallocate"), False),
    # Near these: what would make somebody angry to be stopped for.
    "B01-rebase": Work(_repository(20, 2000) + 'git clone -q "$SCRATCH/history" work', """
cd work && export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@example.org
git checkout -q -b "topic-$RUN" main~8 && for n in $(seq 5); do echo "/* $RUN $n */" >> "new-$RUN-$n.c"; git add -A; git commit -q -m "own $n" || exit 1; done
for name in $(git ls-files | grep -vxFf <(git diff --name-only main~8 main) | head -n 300); do echo '/* unfinished */' >> "$name"; done
git stash -q && git rebase -q main && git stash pop -q && git checkout -q -- . && git reset -q --hard HEAD~6 && git checkout -q main""", ("git",), False),
    # A dependency tree as npm makes one: `ci` removes all of it and makes it again.
    "B02-npm": Work("""mkdir -p app packs && python3 - <<'END'
import json, os
count = max(20, int(os.environ["FILES"]) // 60); needs = {}
for n in range(count):
    top = f"packs/part{n}"; os.makedirs(top + "/lib")
    json.dump({"name": f"part{n}", "version": "1.0.0"}, open(top + "/package.json", "w"))
    for i in range(30): open(f"{top}/lib/m{i}.js", "w").write("".join(f"exports.f{j} = (x) => x * {n * i + j};\\n" for j in range(20)))
    os.system(f"tar czf {top}.tgz --transform s,^part{n},package, -C packs part{n}"); needs[f"part{n}"] = f"file:../packs/part{n}.tgz"
json.dump({"name": "app", "version": "1.0.0", "dependencies": needs}, open("app/package.json", "w"))
END
cd app && npm install --offline --no-audit --no-fund --silent""",
                    "cd app && npm ci --offline --no-audit --no-fund --silent && rm -rf node_modules && npm install --offline --no-audit --no-fund --silent",
                    ("npm",), False),
    "B04-release": Work("""mkdir "$SCRATCH/release" && cp -a files "$SCRATCH/release/" && cd "$SCRATCH/release" && python3 - <<'END'
import os
for folder, _, names in os.walk("files"):
    for name in names:
        path = os.path.join(folder, name)
        if os.path.islink(path): continue
        content = open(path, "rb").read()
        if b"\\0" not in content: open(path, "wb").write(b"# version 2\\n" + content.replace(b"the", b"the same"))
END
zip -q -r -y "$SCRATCH/release.zip" files""", 'unzip -q -o "$SCRATCH/release.zip"', ("zip", "unzip")),
    "B04-sed": Work("", """
grep -rlIZ the files | xargs -0 sed -i "s/\\bthe\\b/the$RUN/g" && find files -type f -name '*.[chp]*' -print0 | xargs -0 unix2dos -q && find files -type f -name '*.[chp]*' -print0 | xargs -0 dos2unix -q""", ("dos2unix",)),
    "B05-inplace": Work('mkdir -p "$SCRATCH/source" && cp -a files/. "$SCRATCH/source/"', """
find "$SCRATCH/source" -type f | awk "NR % 5 == $RUN" | while read -r name; do echo "a change of run $RUN" >> "$name"; done
rsync -a --inplace --no-whole-file "$SCRATCH/source/" files/""", ("rsync",)),
    # To an archive in the tree, and to another disk.
    "B05-archive": Work("mkdir archive", 'mv files/folder-00$RUN archive/ && mv files "files-$RUN" && mv "files-$RUN" files'),
    "B05-away": Work("", 'mkdir -p "$SCRATCH/archive" && mv files/folder-00$RUN "$SCRATCH/archive/"'),
    "B10-exif": Work("""mkdir photos && cd photos && python3 - <<'END'
import os, subprocess
subprocess.run(["convert", "-size", "320x240", "plasma:fractal", "base.jpg"], check=True)
for n in range(min(300, int(os.environ["FILES"]) // 10)):
    subprocess.run(["convert", "base.jpg", "-modulate", f"{80 + n % 40},{60 + n % 90}", "-swirl", str(n), f"photo-{n:04}.jpg"], check=True)
END""", 'cd photos && exiftool -q -overwrite_original -Artist="me $RUN" . && jpegoptim -q -m$((90 - RUN * 5)) *.jpg', ("convert", "exiftool", "jpegoptim"), False),
    "B13-find": Work("", "find files/folder-00* files/folder-01* -type f -links 1 -exec gzip -f {} ';'", ("gzip",)),
    "B18-project": Work('for run in 1 2 3 4 5; do mkdir -p "projects/old-$run/src"; find files -type f | sed -n "$((run * 40)),$((run * 40 + 29))p" | xargs cp -p -t "projects/old-$run/src"; done',
                        'rm -rf "projects/old-$RUN"'),
    "B18-rights": Work("", 'if [ $((RUN % 2)) = 1 ]; then chmod -R g+rwX files; else chmod -R g-w,o-rwx files; fi'),
    # An administrator gives back what was lost, to whom it belongs.
    "B18-restored": Work('tar cf "$SCRATCH/backup.tar" files', """
mkdir "restored-$RUN" && tar xf "$SCRATCH/backup.tar" --no-same-owner -C "restored-$RUN" && sleep 4 && chown -R 1001:1001 "restored-$RUN" """, as_user=False),
} | PROGRAMS
