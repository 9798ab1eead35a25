/** Words of a shell, quoted where they are no plain ones: what a deployment of a stack names. */
export interface Deployment {
  readonly region: string;
  readonly stack: string;
  readonly template: string;
  /** CloudFormation takes templates over 51,200 bytes from a bucket of the stack's region only. */
  readonly bucket: string;
}

/** Makes a stack as its template says, or changes it, and waits until that is done or rolled back. */
export function deployCommand({ region, stack, template, bucket }: Deployment): string {
  return `aws cloudformation deploy --region ${region} --stack-name ${stack} --template-file ${template} --s3-bucket ${bucket} --s3-prefix slipway --capabilities CAPABILITY_IAM CAPABILITY_AUTO_EXPAND --no-fail-on-empty-changeset`;
}

/** What a stack tells under this name, as a word of a shell. */
export function outputCommand(region: string, stack: string, name: string): string {
  return `$(aws cloudformation describe-stacks --region ${region} --stack-name ${stack} --query "Stacks[0].Outputs[?OutputKey=='${name}'].OutputValue" --output text)`;
}

/** Runs the migrations as a task where the services run, and leaves its exit code in `code`. `subnets`: what they are found by. */
export function migrateCommands(region: string, prefix: string, subnets: string): readonly string[] {
  const output = (name: string): string => outputCommand(region, `${prefix}-base`, name);
  return [
    `cluster=${output("Cluster")}`,
    `task=${output("MigrateTask")}`,
    `subnets=${subnets}`,
    `group=${output("WorkloadSecurityGroup")}`,
    `run=$(aws ecs run-task --region ${region} --cluster "$cluster" --task-definition "$task" --launch-type FARGATE --network-configuration "awsvpcConfiguration={subnets=[$subnets],securityGroups=[$group],assignPublicIp=DISABLED}" --query 'tasks[0].taskArn' --output text)`,
    `aws ecs wait tasks-stopped --region ${region} --cluster "$cluster" --tasks "$run"`,
    `code=$(aws ecs describe-tasks --region ${region} --cluster "$cluster" --tasks "$run" --query 'tasks[0].containers[0].exitCode' --output text)`,
  ];
}
