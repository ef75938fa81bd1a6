package nyc.taxi.flink;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.util.Collector;

/**
 * Adds up partial counts and emits each new total. The state is one array per text and day, kept without limit: a year
 * of three taxi types takes a megabyte, and a count that was dropped could not continue.
 */
final class AddUpCounts extends KeyedProcessFunction<String, RowData, RowData> {

  private static final long serialVersionUID = 1L;
  private static final long DAY_MILLIS = 24L * 60 * 60 * 1000;
  private static final int QUARTERS = (int) (DAY_MILLIS / FoldCounts.QUARTER_MILLIS);

  private transient ValueState<long[]> totals;

  static long dayOf(TimestampData clock) {
    return Math.floorDiv(clock.getMillisecond(), DAY_MILLIS);
  }

  @Override
  public void open(OpenContext context) {
    totals =
        getRuntimeContext()
            .getState(
                new ValueStateDescriptor<>(
                    "totals", PrimitiveArrayTypeInfo.LONG_PRIMITIVE_ARRAY_TYPE_INFO));
  }

  @Override
  public void processElement(RowData partial, Context context, Collector<RowData> out) throws Exception {
    long[] ofDay = totals.value();
    if (ofDay == null) {
      ofDay = new long[QUARTERS];
    }
    TimestampData clock = partial.getTimestamp(1, 3);
    int quarter = (int) (Math.floorMod(clock.getMillisecond(), DAY_MILLIS) / FoldCounts.QUARTER_MILLIS);
    ofDay[quarter] += partial.getLong(2);
    totals.update(ofDay);
    GenericRowData total = new GenericRowData(3);
    total.setField(0, partial.getString(0));
    total.setField(1, clock);
    total.setField(2, ofDay[quarter]);
    out.collect(total);
  }
}
