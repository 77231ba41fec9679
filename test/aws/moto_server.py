"""moto's server, with the types of CloudFormation that it lacks and our stack has.

  python3 moto_server.py PORT                      an account of AWS, as far as moto has one
  python3 moto_server.py PORT --functions URL      one that also runs state machines; URL answers Lambda's Invoke

It ends with its standard input (in a terminal: Ctrl-D), so that it never outlives who started it.

moto leaves out a type that it does not know, and then refuses what refers to it. What is added here asks
moto's own services, so that the AWS CLI shows it.
"""

import argparse
import json
import os
import re
import sys
import threading

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.core.common_models import CloudFormationModel
from moto.iam.access_control import PermissionResult
from moto.iam.models import Role
from moto.logs.models import LogGroup
from moto.s3.models import FakeBucket
from moto.server import main
from moto.stepfunctions.models import StateMachine

options = argparse.ArgumentParser()
options.add_argument("port", type=int)
options.add_argument("--functions")
options = options.parse_args()


def client(service, region, url=f"http://127.0.0.1:{options.port}"):
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=url,
        aws_access_key_id="fake",
        aws_secret_access_key="fake",
        # CloudFormation takes "1" for 1. A function may take its time.
        config=Config(parameter_validation=False, read_timeout=900, retries={"total_max_attempts": 1}),
    )


# Python forgets a class to which nobody refers.
added = []


def add_type(type_name, service, name_property, put, remove, arn=None):
    """Adds a type whose properties are the parameters of a service's call.

    put and remove get the service's client and the properties; arn gets account, region and name.
    """

    class Added(CloudFormationModel):
        # moto takes its own classes alone, by this name, and only those that stand directly under it.
        __module__ = "moto.added"

        def __init__(self, name, properties, account_id, region_name):
            self.properties = properties = {name_property: name, **properties}
            self.physical_resource_id = properties[name_property]
            self.arn = arn and arn(account_id, region_name, self.physical_resource_id)
            put(client(service, region_name), properties)

        cloudformation_name_type = staticmethod(lambda: name_property)
        cloudformation_type = staticmethod(lambda: type_name)
        has_cfn_attr = classmethod(lambda cls, attribute: attribute == "Arn" and arn is not None)

        def get_cfn_attribute(self, attribute):
            if attribute == "Arn" and self.arn:
                return self.arn
            raise ValueError(f"{type_name} has no attribute {attribute}")

        @classmethod
        def create_from_cloudformation_json(cls, name, resource, account_id, region_name, **_):
            return cls(name, resource["Properties"], account_id, region_name)

        @classmethod
        def update_from_cloudformation_json(
            cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name
        ):
            original_resource.delete(account_id, region_name)
            # A name that CloudFormation made up stays.
            name = original_resource.physical_resource_id
            return cls(name, cloudformation_json["Properties"], account_id, region_name)

        def delete(self, _account_id, region_name):
            try:
                remove(client(service, region_name), self.properties)
            except ClientError as error:
                # moto may have deleted what this belongs to before it.
                if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                    raise

        def is_created(self):
            return True

    added.append(Added)


add_type(
    "AWS::CloudWatch::Alarm",
    "cloudwatch",
    "AlarmName",
    lambda cloudwatch, alarm: cloudwatch.put_metric_alarm(**alarm),
    lambda cloudwatch, alarm: cloudwatch.delete_alarms(AlarmNames=[alarm["AlarmName"]]),
    lambda account, region, name: f"arn:aws:cloudwatch:{region}:{account}:alarm:{name}",
)
add_type(
    "AWS::Scheduler::Schedule",
    "scheduler",
    "Name",
    lambda scheduler, schedule: scheduler.create_schedule(**schedule),
    lambda scheduler, schedule: scheduler.delete_schedule(Name=schedule["Name"]),
    lambda account, region, name: f"arn:aws:scheduler:{region}:{account}:schedule/default/{name}",
)
add_type(
    "AWS::Lambda::EventInvokeConfig",
    "lambda",
    "FunctionName",
    lambda functions, config: functions.put_function_event_invoke_config(
        **{key: value for key, value in config.items() if key != "Qualifier"}
    ),
    lambda functions, config: functions.delete_function_event_invoke_config(
        FunctionName=config["FunctionName"]
    ),
)
add_type(
    "AWS::S3::BucketPolicy",
    "s3",
    "Bucket",
    lambda s3, policy: s3.put_bucket_policy(
        Bucket=policy["Bucket"], Policy=json.dumps(policy["PolicyDocument"])
    ),
    lambda s3, policy: s3.delete_bucket_policy(Bucket=policy["Bucket"]),
)
# moto's Logs knows no saved queries: what was deployed of them shows in the template alone.
add_type("AWS::Logs::QueryDefinition", "logs", "Name", lambda *_: None, lambda *_: None)


def enforce_no_bucket_policy():
    """moto overlooks conditions, and would refuse everything that "encrypted connections only" speaks of."""
    FakeBucket.get_permission = lambda self, action, resource: PermissionResult.NEUTRAL


def add_to_bucket():
    """Adds what moto's CloudFormation leaves out of a bucket, though its S3 has it."""

    create = FakeBucket.create_from_cloudformation_json.__func__

    def create_whole(cls, name, resource, account_id, region_name, **more):
        bucket = create(cls, name, resource, account_id, region_name, **more)
        properties = resource.get("Properties", {})
        s3 = client("s3", region_name)
        if access := properties.get("PublicAccessBlockConfiguration"):
            s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=access)
        if ownership := properties.get("OwnershipControls"):
            s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls=ownership)
        if lifecycle := properties.get("LifecycleConfiguration"):
            # CloudFormation has another name for this one.
            rules = [
                {
                    "ID": rule["Id"],
                    "Status": rule["Status"],
                    "Filter": {"Prefix": ""},
                    "Expiration": {"Days": rule["ExpirationInDays"]},
                    "AbortIncompleteMultipartUpload": rule["AbortIncompleteMultipartUpload"],
                }
                for rule in lifecycle["Rules"]
            ]
            s3.put_bucket_lifecycle_configuration(
                Bucket=name, LifecycleConfiguration={"Rules": rules}
            )
        return bucket

    FakeBucket.create_from_cloudformation_json = classmethod(create_whole)


def add_to_role():
    """Keeps policies as JSON, in which the CLI reads them, and changes them with the template."""
    put, update = Role.put_policy, Role.update_from_cloudformation_json.__func__

    def put_json(self, name, policy):
        put(self, name, policy if isinstance(policy, str) else json.dumps(policy))

    def update_whole(cls, original_resource, new_resource_name, cloudformation_json, **more):
        role = update(cls, original_resource, new_resource_name, cloudformation_json, **more)
        for name in list(role.policies):
            role.delete_policy(name)
        for policy in cloudformation_json["Properties"].get("Policies", []):
            role.put_policy(policy["PolicyName"], policy["PolicyDocument"])
        return role

    Role.put_policy = put_json
    Role.update_from_cloudformation_json = classmethod(update_whole)


def add_to_log_group():
    """Has Fn::GetAtt answer as AWS does: the ARN of a group ends in :*."""
    get = LogGroup.get_cfn_attribute
    LogGroup.get_cfn_attribute = lambda self, name: get(self, name) + (":*" if name == "Arn" else "")


def add_to_state_machine():
    """Adds the attribute Arn and the log, and fills in DefinitionSubstitutions."""

    def in_the_api(value):
        """The API begins its names with a small letter."""
        if isinstance(value, list):
            return [in_the_api(one) for one in value]
        if isinstance(value, dict):
            return {name[0].lower() + name[1:]: in_the_api(one) for name, one in value.items()}
        return value

    def filled(resource):
        properties = dict(resource["Properties"])
        for name, value in properties.get("DefinitionSubstitutions", {}).items():
            text = properties["DefinitionString"]
            properties["DefinitionString"] = text.replace("${" + name + "}", value)
        if re.search(r"\$\{\w+\}", properties["DefinitionString"]):
            raise ValueError("a name in the definition of the state machine is not filled in")
        return {**resource, "Properties": properties}

    create = StateMachine.create_from_cloudformation_json.__func__
    update = StateMachine.update_from_cloudformation_json.__func__
    has, get = StateMachine.has_cfn_attr, StateMachine.get_cfn_attribute

    def with_log(machine, resource):
        if log := resource["Properties"].get("LoggingConfiguration"):
            machine.loggingConfiguration = in_the_api(log)
        return machine

    def create_filled(cls, name, resource, account_id, region_name, **more):
        machine = create(cls, name, filled(resource), account_id, region_name, **more)
        return with_log(machine, resource)

    def update_filled(cls, original_resource, new_resource_name, cloudformation_json, **more):
        resource = filled(cloudformation_json)
        return with_log(update(cls, original_resource, new_resource_name, resource, **more), resource)

    StateMachine.create_from_cloudformation_json = classmethod(create_filled)
    StateMachine.update_from_cloudformation_json = classmethod(update_filled)
    StateMachine.has_cfn_attr = classmethod(lambda cls, name: name == "Arn" or has(name))
    StateMachine.get_cfn_attribute = lambda self, name: self.arn if name == "Arn" else get(self, name)


def run_state_machines(functions):
    """Has moto interpret state machines, and call the functions behind a URL."""
    from moto.core.config import default_user_config
    from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
    from moto.stepfunctions.parser.backend import execution_worker

    default_user_config["stepfunctions"]["execute_state_machine"] = True
    # It knows no redrive, so that its context lacks what AWS's has.
    data = execution_worker.ExecutionData
    execution_worker.ExecutionData = lambda **fields: data(RedriveCount=0, **fields)
    lambda_eval_utils.boto_client_for = lambda service, region, **_: client(service, region, functions)


enforce_no_bucket_policy()
add_to_bucket()
add_to_role()
add_to_log_group()
add_to_state_machine()
if options.functions:
    run_state_machines(options.functions)
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
sys.argv[1:] = []
main(["--host", "127.0.0.1", "--port", str(options.port)])
