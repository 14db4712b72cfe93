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
const { formatDifferences, fullDiff, PropertyDifference } = load("@aws-cdk/cloudformation-diff");
const { DiffableCollection } = load("@aws-cdk/cloudformation-diff/lib/diffable");

// The library compares each statement with all others, which takes minutes for thousands of them.
// Statements are equal if all of their fields are.
DiffableCollection.prototype.calculateDiff = function () {
  const [before, after] = [this.oldElements, this.newElements].map((elements) =>
    elements.map((element) => [canonical(element), element]),
  );
  const without = (elements, others) => {
    const known = new Set(others.map(([text]) => text));
    return elements.filter(([text]) => !known.has(text)).map(([, element]) => element);
  };
  this.additions.push(...without(after, before));
  this.removals.push(...without(before, after));
};

// JSON in which the order of keys has no meaning, nor that of a statement's actions or principals.
function canonical(element) {
  return JSON.stringify(element, (key, value) => {
    if (key === "values" && Array.isArray(value)) {
      return value.sort();
    }
    return value !== null && typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
      : value;
  });
}

// The library compares the lines of two values in quadratic time, and nobody reads so many.
const MOST_LINES = 10_000;
const MOST_STATEMENTS = 1_000;

function shorten(resource) {
  for (const [name, { oldValue, newValue, changeImpact }] of Object.entries(
    resource.propertyUpdates,
  )) {
    const [before, after] = [oldValue, newValue].map(linesOf);
    if (before + after > MOST_LINES) {
      const texts = [`${before} lines, not shown`, `${after} other lines, not shown`];
      resource.setPropertyChange(name, new PropertyDifference(...texts, { changeImpact }));
    }
  }
}

function linesOf(value) {
  return typeof value === "object" ? JSON.stringify(value, null, 2).split("\n").length : 1;
}

// Keep the first rows of the library's table of statements, and return how many are left out.
function withFewerStatements({ statements }) {
  let leftOut = 0;
  for (const rows of [statements.additions, statements.removals]) {
    leftOut += rows.splice(MOST_STATEMENTS).length;
  }
  return leftOut;
}

function textOf(diff) {
  const leftOut = withFewerStatements(diff.iamChanges);
  const parts = leftOut ? [Buffer.from(`Not in the table: ${leftOut} more statements.\n`)] : [];
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
  // The library's own differences are shortened for the text, so they are read first.
  const resources = Object.fromEntries(changes.map(([id, change]) => [id, changeOf(change)]));
  Object.values(diff.resources.changes).forEach(shorten);
  return {
    text: diff.isEmpty ? "" : textOf(diff),
    resources,
  };
}

// The library reads its database of types, which takes 0.4 s, when it first compares a resource.
// Compare one before the input arrives, while the sides are still synthesised.
const topicWith = (name) => ({
  Resources: { Topic: { Type: "AWS::SNS::Topic", Properties: { TopicName: name } } },
});
fullDiff(topicWith("a"), topicWith("b"));

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
