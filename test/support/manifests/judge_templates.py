"""What cfn-lint, the SAM translator and moto's CloudFormation say of templates.

Reads one JSON object from standard input and answers one on standard output. Questions:
  {"lint": [text, …], "region": R}             findings of cfn-lint for each: [[rule, path, message], …]
  {"sam": [template, …]}                       what the SAM translator has against each, "" for nothing
  {"deploy": [[[name, text], …], …], "region": R}   the stacks of each system by change sets on moto, one after the other
"""

import json
import os
import re
import sys
import warnings

warnings.filterwarnings("ignore")


def lint(texts, region):
    from cfnlint.api import ManualArgs
    from cfnlint.api import lint as lint_text

    # W3691 takes a major version of PostgreSQL for one that has ended; RDS takes it for its best minor one.
    config = ManualArgs(regions=[region], ignore_checks=["W3691"])
    return [
        [[found.rule.id, list(getattr(found, "path", None) or []), found.message] for found in lint_text(text, config=config)]
        for text in texts
    ]


def translated(template):
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    return Translator({}, Parser(), None).translate(template, {})


def sam(templates):
    from samtranslator.validator.validator import SamTemplateValidator

    said = []
    for template in templates:
        try:
            found = SamTemplateValidator().validate(json.loads(json.dumps(template)))
            if not found:
                translated(json.loads(json.dumps(template)))
            said.append(str(found or ""))
        except Exception as error:
            said.append(f"{type(error).__name__}: {getattr(error, 'message', error)}"[:500])
    return said


def network_of(text, region):
    """Stand-ins for the network and the certificates that the templates name, by their names there."""
    import boto3

    ec2 = boto3.client("ec2", region_name=region)
    names = {}
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    for known in sorted(set(re.findall(r"vpc-[0-9a-f]{17}", text))):
        names[known] = vpc
    for index, known in enumerate(sorted(set(re.findall(r"subnet-[0-9a-f]{17}", text)))):
        zone = region + "ab"[index % 2]
        made = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{index}.0/24", AvailabilityZone=zone)
        names[known] = made["Subnet"]["SubnetId"]
    acm = boto3.client("acm", region_name=region)
    for known in sorted(set(re.findall(r"arn:aws:acm:[a-z0-9-]+:\d+:certificate/[0-9a-f-]+", text))):
        names[known] = acm.request_certificate(DomainName="stand-in.example")["CertificateArn"]
    return names


def imports_filled(value, exports):
    """Stacks that moto makes by change sets see no exports of others, so the values are put in. KeyError for one that nobody exports."""
    if isinstance(value, list):
        return [imports_filled(item, exports) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Fn::ImportValue"}:
        return exports[value["Fn::ImportValue"]]
    return {key: imports_filled(inner, exports) for key, inner in value.items()}


def exports_of(template, made):
    """What a stack exports, by what was made; of what was not made the name stands for it."""
    physical = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in made}
    found = {}
    for output in template.get("Outputs", {}).values():
        value, name = output["Value"], output["Export"]["Name"]
        logical = (value.get("Ref") or (value.get("Fn::GetAtt") or [None])[0]) if isinstance(value, dict) else None
        found[name] = physical.get(logical) or name
    return found


def make(client, name, template, exports):
    body = json.dumps(imports_filled(template, exports))
    client.create_change_set(
        StackName=name, ChangeSetName="first", ChangeSetType="CREATE", TemplateBody=body, Capabilities=["CAPABILITY_IAM"]
    )
    told = client.describe_change_set(StackName=name, ChangeSetName="first")
    changes = [[change["ResourceChange"]["Action"], change["ResourceChange"]["LogicalResourceId"]] for change in told["Changes"]]
    # moto knows no parameter groups of databases, no full names of target groups and no versions behind the alias of a function: of
    # those stacks the change set is all.
    status, made = "REVIEWED", []
    if name == "base":
        client.execute_change_set(StackName=name, ChangeSetName="first")
        status = client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        made = client.list_stack_resources(StackName=name)["StackResourceSummaries"]
    exports.update(exports_of(template, made))
    types = sorted({resource["ResourceType"] for resource in made} - {""})
    return {"status": status, "changes": changes, "made": types}


def deploy(stacks, region):
    import boto3
    import yaml
    from moto import mock_aws

    answers = []
    with mock_aws():
        names = network_of(json.dumps(stacks), region)
        client = boto3.client("cloudformation", region_name=region)
        group = boto3.client("ec2", region_name=region).create_security_group(GroupName="data", Description="data")["GroupId"]
        exports = {}
        for name, body in stacks:
            for known, made in names.items():
                body = body.replace(known, made)
            try:
                template = yaml.safe_load(body)
                # CloudFormation does the transform itself; moto is handed what comes of it.
                if "Transform" in template:
                    template = translated(template)
                answers.append(make(client, name, template, exports))
                exports.update({known: group for known in exports if name == "data" and known.endswith("SecurityGroup")})
            except Exception as error:
                answers.append({"status": f"{type(error).__name__}: {error}"[:600], "changes": [], "made": []})
    return answers


def main():
    question = json.load(sys.stdin)
    os.environ.update(AWS_DEFAULT_REGION=question.get("region", "eu-central-1"), AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test")
    out, sys.stdout = sys.stdout, sys.stderr
    answer = {}
    if "lint" in question:
        answer["lint"] = lint(question["lint"], question["region"])
    if "sam" in question:
        answer["sam"] = sam(question["sam"])
    if "deploy" in question:
        answer["deploy"] = [deploy(stacks, question["region"]) for stacks in question["deploy"]]
    json.dump(answer, out)


main()
