"""PostGraphile 5 from npm on the same database, for the comparison: `bench --peer`."""
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGES = ["postgraphile@5", "graphql@16", "postgraphile-plugin-connection-filter@4", "node@22"]


def install(folder):
    """The packages in folder, unless they are there."""
    if os.path.exists(os.path.join(folder, "node_modules", "postgraphile")):
        return
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "package.json"), "w") as f:
        f.write("{}\n")
    done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", *PACKAGES], cwd=folder, stdout=sys.stderr)
    if done.returncode:
        sys.exit("bench: npm did not give PostGraphile")


class Peer:
    """A running PostGraphile: names as version 4 had them, filters, nothing logged, a pool of 20 connections."""

    def __init__(self, folder, database, port):
        install(folder)
        self.url = f"http://127.0.0.1:{port}/graphql"
        self.log = open(os.path.join(folder, "log"), "w")
        # node resolves a configuration's packages from where the file is
        config = os.path.join(folder, "graphile.config.mjs")
        with open(os.path.join(HERE, "peer.mjs")) as f, open(config, "w") as g:
            g.write(f.read())
        env = dict(os.environ, NODE_ENV="production", GRAPHILE_ENV="production", DATABASE_URL=database, PORT=str(port))
        node = os.path.join(folder, "node_modules", "node", "bin", "node")
        self.process = subprocess.Popen([node, "node_modules/postgraphile/dist/cli-run.js", "-C", config, "-p", str(port), "-n", "127.0.0.1"],
                                        cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        for _ in range(1200):
            try:
                self.ask("{__typename}")
                return
            except urllib.error.URLError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.1)
        sys.exit(f"bench: PostGraphile did not start, see {self.log.name}")

    def ask(self, query, variables=None):
        """The body of the request, once its answer has no errors."""
        body = {"query": query, **({"variables": variables} if variables else {})}
        request = urllib.request.Request(self.url, json.dumps(body).encode(), {"Content-Type": "application/json"})
        answer = urllib.request.urlopen(request, timeout=60).read()
        if b'"errors"' in answer[:200]:
            sys.exit(f"bench: PostGraphile: {query[:80]}: {answer[:300]}")
        return body

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()
