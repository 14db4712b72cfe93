// The same fleet written by hand in JavaScript, with the CDK's own construct; prints the seconds.
"use strict";

const start = process.hrtime.bigint();
const cdk = require("aws-cdk-lib");
const ecr = require("aws-cdk-lib/aws-ecr");
const iam = require("aws-cdk-lib/aws-iam");
const kms = require("aws-cdk-lib/aws-kms");
const loaded = process.hrtime.bigint();

const STACK_SIZE = 250;
const PULLER = "222222222222";
const KEY = "arn:aws:kms:us-west-2:111111111111:key/1234";
const PULL_ACTIONS = [
  "ecr:BatchCheckLayerAvailability",
  "ecr:BatchGetImage",
  "ecr:GetDownloadUrlForLayer",
];

function fleet(count) {
  const app = new cdk.App({ analyticsReporting: false });
  const env = { account: "111111111111", region: "us-west-2" };
  for (let first = 0; first < count; first += STACK_SIZE) {
    const stack = new cdk.Stack(app, `Stack${first}`, { env });
    const key = kms.Key.fromKeyArn(stack, "Key", KEY);
    for (let number = first; number < Math.min(first + STACK_SIZE, count); number += 1) {
      const repository = new ecr.Repository(stack, `R${number}`, {
        repositoryName: `team/app-${number}`,
        encryption: ecr.RepositoryEncryption.KMS,
        encryptionKey: key,
        imageScanOnPush: true,
        imageTagMutability: ecr.TagMutability.IMMUTABLE,
      });
      repository.addLifecycleRule({
        tagStatus: ecr.TagStatus.UNTAGGED,
        maxImageAge: cdk.Duration.days(7),
      });
      repository.addLifecycleRule({ maxImageCount: 30 });
      repository.addToResourcePolicy(
        new iam.PolicyStatement({
          actions: PULL_ACTIONS,
          principals: [new iam.AccountPrincipal(PULLER)],
        }),
      );
    }
  }
  app.synth();
}

// From App() to the end of the synth, as the others count; loading is told apart.
const before = process.hrtime.bigint();
fleet(Number(process.argv[2]));
console.log(Number(process.hrtime.bigint() - before) / 1e9, Number(loaded - start) / 1e9);
