# SPDX-License-Identifier: Apache-2.0
"""A real smbd, and its clients in network namespaces of their own (networks.py)."""
import subprocess
import time

import lab
import networks

CONFIG = """[global]
server role = standalone server
disable netbios = yes
load printers = no
printing = bsd
private dir = {work}/private
pid directory = {work}/run
lock directory = {work}/lock
state directory = {work}/state
cache directory = {work}/cache
ncalrpc dir = {work}/ncalrpc
log file = {work}/log.%m
passdb backend = tdbsam:{work}/private/passdb.tdb
create mask = 0666
read only = no
[share]
path = {share}
[sealed]
path = {share}
smb encrypt = required
"""


class Samba:
    """An smbd that serves `share` to the clients of `network`. `users`: numbers by name, each a client, with the
    password "secret"."""

    def __init__(self, network, work, share, users):
        self.network, self.work, self.users = network, work / "samba", users
        for name in ("private", "run", "lock", "state", "cache", "ncalrpc"):
            (self.work / name).mkdir(parents=True)
        self.config = self.work / "smb.conf"
        self.config.write_text(CONFIG.format(work=self.work, share=share))
        networks.add_users(self.work, users)
        for name in users:
            subprocess.run(["smbpasswd", "-c", self.config, "-s", "-a", name], input="secret\nsecret\n", text=True,
                           check=True, stdout=subprocess.DEVNULL)
        self.process = subprocess.Popen(network.words("server", "smbd", "-F", "--no-process-group", "-s",
                                                      self.config),
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, start_new_session=True,
                                        preexec_fn=lab.die_with_parent)  # at its end smbd ends its whole group

    def words(self, name, share, dialect):
        return self.network.words(name, "smbclient", "-s", self.config, "-m", dialect, "-U", f"{name}%secret",
                                  f"//{self.network.server_for(name)}/{share}")

    def client(self, name, commands, seconds=60, tongue=("share", "SMB3_11")):
        """Its exit status and what it said; None where it did not end."""
        try:
            done = subprocess.run(self.words(name, *tongue), input=commands, text=True, capture_output=True,
                                  timeout=seconds)
        except subprocess.TimeoutExpired:
            return None, "it did not end in time"
        return done.returncode, done.stdout + done.stderr

    def idle(self, name, tongue):
        """A session that does nothing."""
        session = subprocess.Popen(self.words(name, *tongue), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, preexec_fn=lab.die_with_parent)
        for _ in range(100):
            if self.network.connections(name):
                break
            time.sleep(0.1)
        return session

    def stopped(self):
        """Its processes that stand still."""
        found = subprocess.run(["pgrep", "-f", f"smbd .*{self.config}", "--runstates", "T"], capture_output=True, text=True)
        return found.stdout.split()

    def wait_until_it_answers(self):
        for _ in range(100):
            if self.client(next(iter(self.users)), "ls\n")[0] == 0:
                return
            time.sleep(0.1)
        raise AssertionError("smbd does not answer")

    def close(self):
        self.process.terminate()
        self.process.wait(10)
