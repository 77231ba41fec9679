import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';

/** The CloudWatch namespace; alarms and dashboard read it (functions/stack). */
const NAMESPACE = 'task-janitor';

/** Values by their metric's name. All are counts, but for `duration`, in milliseconds. */
export type Measurements = Readonly<Record<string, number>>;

/** Writes measurements under the stage and these dimensions. */
export type Publish = (
  dimensions: Readonly<Record<string, string>>,
  values: Measurements,
  runId: string,
) => void;

/**
 * CloudWatch metrics in the embedded metric format: CloudWatch reads them out of the log, and no call
 * is made. `POWERTOOLS_METRICS_DISABLED` turns them off.
 * @param stage keeps the deployments of one account apart.
 */
export function createPublisher(stage: string): Publish {
  const metrics = new Metrics({ namespace: NAMESPACE, serviceName: NAMESPACE });
  // Powertools adds this program as `service`; here that dimension is the target's service.
  metrics.clearDefaultDimensions();
  metrics.setDefaultDimensions({ stage });
  return (dimensions, values, runId) => {
    if (Object.keys(dimensions).length > 0) {
      const readable = Object.entries(dimensions).map(([name, value]) => [name, toAscii(value)]);
      metrics.addDimensions(Object.fromEntries(readable));
    }
    for (const [name, value] of Object.entries(values)) {
      const unit = name === 'duration' ? MetricUnit.Milliseconds : MetricUnit.Count;
      metrics.addMetric(name, unit, value);
    }
    metrics.addMetadata('runId', runId);
    metrics.publishStoredMetrics();
  };
}

/** CloudWatch drops a metric with any other character in a dimension. */
function toAscii(value: string): string {
  return value.replace(/[^ -~]/gu, (character) => {
    return `\\u{${character.codePointAt(0)?.toString(16)}}`;
  });
}
