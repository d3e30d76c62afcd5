"""What infra/template.yaml says, as JSON that a test can compare with what the local host runs and records.

Printed: each function with its timeout, its triggers and what its "code" policy allows; each queue with its visibility,
its dead letters and its number of receives; the table's keys and indexes; the events of the functions' logs that are counted
for an alarm that rings at the first of them, and of those counted for any alarm. Resource references are reduced to the names that the local host uses
("table", "table/index/due", "queue/orders.fifo", "bucket", "bucket/passing", "bucket/drop", "key",
"mail").
"""

import json
import pathlib
import re
import sys

import yaml


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags read as plain values."""


def plain(loader, _suffix, node):
    """`!Ref X` is "X", `!GetAtt X.Arn` is "X.Arn", `!Sub "..."` is its text; lists and maps stay what they are."""
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_mapping(node, deep=True)


Loader.add_multi_constructor("!", plain)


def as_list(value):
    """CloudFormation allows one value where it means a list of one."""
    return value if isinstance(value, list) else [value]


def queue_name(resources, reference):
    """The queue's name without the installation's prefix: OrdersQueue.Arn is orders.fifo."""
    logical = reference.split(".")[0]
    return resources[logical]["Properties"]["QueueName"].replace("${NamePrefix}-", "")


def resource_kind(resources, reference):
    """The local host's word for the resource that a policy statement names."""
    text = reference.replace("${", "").replace("}", "")
    logical = re.split(r"[./]", text)[0]
    kind = resources.get(logical, {}).get("Type", "")
    if kind == "AWS::DynamoDB::Table":
        index = text.split("/index/")
        return "table" if len(index) == 1 else "table/index/" + index[1]
    if kind == "AWS::SQS::Queue":
        return "queue/" + queue_name(resources, logical)
    if kind == "AWS::S3::Bucket":
        part = re.search(r"/(passing|drop)/\*$", text)
        return "bucket/" + part[1] if part else "bucket"
    if kind == "AWS::KMS::Key":
        return "key"
    if ":ses:" in text:
        return "mail"
    raise SystemExit(f"a policy names {reference!r}, which this script does not know")


def seconds(rate):
    """`rate(5 minutes)` is 300."""
    number, unit = re.fullmatch(r"rate\((\d+) (\w+?)s?\)", rate).groups()
    return int(number) * {"minute": 60, "hour": 3600, "day": 86400}[unit]


def trigger(resources, event):
    """One event of a function in the local host's words."""
    properties = event["Properties"]
    if event["Type"] == "HttpApi":
        api = resources[properties["ApiId"]]["Properties"]
        default = api.get("Auth", {}).get("DefaultAuthorizer") == "AWS_IAM" and api["Auth"].get("EnableIamAuthorizer")
        return {"identified" if default else "route": properties["Path"]}
    if event["Type"] == "SQS":
        if properties["FunctionResponseTypes"] != ["ReportBatchItemFailures"]:
            raise SystemExit("a queue's function does not report single failures")
        return {
            "queue": queue_name(resources, properties["Queue"]),
            "batch": properties["BatchSize"],
            "maximum_concurrency": properties["ScalingConfig"]["MaximumConcurrency"],
        }
    return {"every": seconds(properties["Schedule"])}


def permissions(resources, role):
    """What the role's "code" policy allows, as sorted pairs of action and resource."""
    pairs = set()
    for policy in resources[role]["Properties"]["Policies"]:
        if policy["PolicyName"] != "code":
            continue
        for statement in policy["PolicyDocument"]["Statement"]:
            for action in as_list(statement["Action"]):
                for reference in as_list(statement["Resource"]):
                    pairs.add((action, resource_kind(resources, reference)))
    return sorted(pairs)


def watched(resources, whenever=False):
    """Function and event of each log line that is counted in a metric whose alarm rings at the first one (or whenever it rings)."""
    alarmed = set()
    for resource in resources.values():
        properties = resource.get("Properties", {})
        if resource["Type"] != "AWS::CloudWatch::Alarm" or "Condition" in resource:
            continue
        if whenever and properties["AlarmActions"] == ["Alarms"]:
            alarmed.add((properties["Namespace"], properties["MetricName"]))
        at_the_first = {
            "Statistic": "Sum", "EvaluationPeriods": 1, "Threshold": 0, "ComparisonOperator": "GreaterThanThreshold",
            "AlarmActions": ["Alarms"],
        }
        if at_the_first.items() <= properties.items():
            alarmed.add((properties["Namespace"], properties["MetricName"]))
    pairs = set()
    for resource in resources.values():
        if resource["Type"] != "AWS::Logs::MetricFilter":
            continue
        properties = resource["Properties"]
        event = re.fullmatch(r'\{ \$\.event = "([a-z-]+)" \}', properties["FilterPattern"]).group(1)
        log = resources[properties["LogGroupName"]]["Properties"]["LogGroupName"]
        for metric in properties["MetricTransformations"]:
            if metric["MetricValue"] == "1" and (metric["MetricNamespace"], metric["MetricName"]) in alarmed:
                pairs.add((log.replace("/aws/lambda/${NamePrefix}-", ""), event))
    return sorted(pairs)


def facts(template):
    """Everything that is compared."""
    resources = template["Resources"]
    found = {"functions": {}, "queues": {}, "indexes": {}, "watched": watched(resources)}
    found["counted"] = watched(resources, whenever=True)
    for resource in resources.values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Function":
            name = properties["FunctionName"].replace("${NamePrefix}-", "")
            role = properties["Role"].split(".")[0]
            found["functions"][name] = {
                "timeout": properties["Timeout"],
                "triggers": [trigger(resources, event) for event in properties["Events"].values()],
                "permissions": permissions(resources, role),
            }
        if resource["Type"] == "AWS::SQS::Queue" and "RedrivePolicy" in properties:
            redrive = properties["RedrivePolicy"]
            found["queues"][properties["QueueName"].replace("${NamePrefix}-", "")] = {
                "visibility": properties["VisibilityTimeout"],
                "dead_letters": queue_name(resources, redrive["deadLetterTargetArn"]),
                "maximum_receives": redrive["maxReceiveCount"],
            }
        if resource["Type"] == "AWS::DynamoDB::Table":
            types = {a["AttributeName"]: a["AttributeType"] for a in properties["AttributeDefinitions"]}
            for index in properties["GlobalSecondaryIndexes"]:
                keys = {key["KeyType"]: key["AttributeName"] for key in index["KeySchema"]}
                found["indexes"][index["IndexName"]] = [
                    keys["HASH"], types[keys["HASH"]], keys["RANGE"], types[keys["RANGE"]],
                ]
    return found


if __name__ == "__main__":
    path = pathlib.Path(__file__).parents[2] / "infra" / "template.yaml"
    json.dump(facts(yaml.load(path.read_text(encoding="utf-8"), Loader)), sys.stdout, indent=1)
