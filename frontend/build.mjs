// Builds each page into one file that a browser needs nothing else for. The first line of it tells
// what it was built from, by which a test finds out whether it is up to date.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const pages = ["explain", "watch"];

function sourcesHash() {
  const files = readdirSync(join(here, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(here.length + 1).replaceAll("\\", "/"));
  const hash = createHash("sha256");
  for (const file of [...files, "build.mjs", "package.json"].sort()) {
    hash.update(`${file}\n`).update(readFileSync(join(here, file), "utf8").replaceAll("\r\n", "\n"));
  }
  return hash.digest("hex");
}

const banner = `/* Built from frontend/, sha256 ${sourcesHash()}. Preact: MIT, (c) Jason Miller. */`;
for (const page of pages) {
  await build({
    entryPoints: [join(here, "src", page, "main.tsx")],
    outfile: join(here, "..", "src", "glassbrick", "pages", "built", `${page}.js`),
    bundle: true,
    minify: true,
    charset: "utf8",
    target: "es2022",
    format: "iife",
    globalName: "GlassbrickPage",
    loader: { ".css": "text" },
    jsx: "automatic",
    jsxImportSource: "preact",
    banner: { js: banner },
    legalComments: "none",
    logLevel: "warning",
  });
}
