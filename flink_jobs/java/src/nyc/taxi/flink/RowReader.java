package nyc.taxi.flink;

import java.io.IOException;
import org.apache.flink.avro.shaded.org.apache.avro.Resolver;
import org.apache.flink.avro.shaded.org.apache.avro.Resolver.Action;
import org.apache.flink.avro.shaded.org.apache.avro.Schema;
import org.apache.flink.avro.shaded.org.apache.avro.io.BinaryDecoder;
import org.apache.flink.avro.shaded.org.apache.avro.io.DecoderFactory;
import org.apache.flink.formats.avro.typeutils.AvroSchemaConverter;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.types.logical.RowType;

/**
 * Reads the records of one writer's schema into rows, without a generic record between them. Avro's own resolver
 * decides once how each field gets into its column: by promotion, by a branch of a union, or not at all. A column
 * without a field stays null.
 */
final class RowReader {

  private static final int NO_COLUMN = -1;

  private final FieldReader[] readers;
  private final int[] columns;
  private BinaryDecoder body;

  private RowReader(FieldReader[] readers, int[] columns) {
    this.readers = readers;
    this.columns = columns;
  }

  static RowReader of(Schema written, RowType row) {
    Action action = Resolver.resolve(written, AvroSchemaConverter.convertToSchema(row));
    if (action instanceof Resolver.ReaderUnion nullable) {
      action = nullable.actualAction;
    }
    if (!(action instanceof Resolver.RecordAdjust record)) {
      return new RowReader(new FieldReader[] {FieldReader.failing(action.toString())}, new int[] {NO_COLUMN});
    }
    FieldReader[] readers = new FieldReader[record.fieldActions.length];
    int[] columns = new int[readers.length];
    int resolved = 0;
    for (int i = 0; i < readers.length; i++) {
      if (record.fieldActions[i] instanceof Resolver.Skip skipped) {
        readers[i] = FieldReader.skipping(skipped.writer);
        columns[i] = NO_COLUMN;
      } else {
        columns[i] = record.readerOrder[resolved++].pos();
        readers[i] = FieldReader.of(record.fieldActions[i], row.getTypeAt(columns[i]));
      }
    }
    return new RowReader(readers, columns);
  }

  /** Fills the row from the bytes behind the header of a message. */
  void read(byte[] message, int headerBytes, GenericRowData row) throws IOException {
    body = DecoderFactory.get().binaryDecoder(message, headerBytes, message.length - headerBytes, body);
    for (int i = 0; i < readers.length; i++) {
      Object value = readers[i].read(body);
      if (columns[i] != NO_COLUMN) {
        row.setField(columns[i], value);
      }
    }
    if (!body.isEnd()) {
      throw new TrailingBytesException();
    }
  }
}
