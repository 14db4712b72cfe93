// Compares pairs of templates with the library of the CDK CLI, for Python.
//
// Standard input: [{"id", "name", "written": [base, head], "resolved": [base, head] or null}], with
// templates as they are written, and resolved where that makes a difference.
// Standard output: {id: {"text", "resources": {logical ID: change}}}
const { readFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { join } = require("node:path");
const { Writable } = require("node:stream");

const [tools] = process.argv.slice(2);
const load = createRequire(join(tools, "package.json"));
const { formatDifferences, fullDiff } = load("@aws-cdk/cloudformation-diff");

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

function diffOf({ written, resolved }) {
  const diff = fullDiff(...written);
  const deployed = resolved === null ? diff : fullDiff(...resolved);
  const changes = Object.entries(deployed.resources.changes);
  return {
    text: diff.isEmpty ? "" : textOf(diff),
    resources: Object.fromEntries(changes.map(([id, change]) => [id, changeOf(change)])),
  };
}

const pairs = JSON.parse(readFileSync(0, "utf8"));
const diffs = {};
for (const pair of pairs) {
  try {
    diffs[pair.id] = diffOf(pair);
  } catch (error) {
    process.stderr.write(`Error: ${pair.name}: ${error.message}\n`);
    process.exit(1);
  }
}
process.stdout.write(JSON.stringify(diffs));
