// Compares pairs of templates with the library of the CDK CLI, for Python.
//
// Standard input: [{"name": "dev/Repositories", "base": "file or null", "head": "file or null"}]
// Standard output: {"dev/Repositories": {"text", "parts", "resources": {logical ID: change}}}
const { readFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { join } = require("node:path");
const { Writable } = require("node:stream");

const [tools] = process.argv.slice(2);
const load = createRequire(join(tools, "package.json"));
const { formatDifferences, fullDiff } = load("@aws-cdk/cloudformation-diff");

const PARTS = ["conditions", "mappings", "outputs", "parameters", "unknown"];
const read = (file) => (file === null ? {} : JSON.parse(readFileSync(file, "utf8")));

function textOf(diff) {
  const parts = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      parts.push(chunk);
      done();
    },
  });
  formatDifferences(stream, diff);
  return Buffer.concat(parts).toString("utf8");
}

function changeOf(resource) {
  const properties = Object.entries(resource.propertyUpdates);
  return {
    impact: resource.changeImpact,
    changed: properties.map(([name]) => name),
    replacing: properties
      .filter(([, update]) => ["WILL_REPLACE", "MAY_REPLACE"].includes(update.changeImpact))
      .map(([name]) => name),
    other: Object.keys(resource.otherChanges),
  };
}

function diffOf({ base, head }) {
  const diff = fullDiff(read(base), read(head));
  const changes = Object.entries(diff.resources.changes);
  return {
    text: diff.isEmpty ? "" : textOf(diff),
    resources: Object.fromEntries(changes.map(([id, change]) => [id, changeOf(change)])),
    parts: Object.fromEntries(
      PARTS.map((part) => [part, diff[part].logicalIds]).filter(([, names]) => names.length > 0),
    ),
  };
}

const pairs = JSON.parse(readFileSync(0, "utf8"));
const diffs = {};
for (const pair of pairs) {
  try {
    diffs[pair.name] = diffOf(pair);
  } catch (error) {
    process.stderr.write(`Error: ${pair.name}: ${error.message}\n`);
    process.exit(1);
  }
}
process.stdout.write(JSON.stringify(diffs));
