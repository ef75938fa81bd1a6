package nyc.taxi.flink;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.apache.flink.avro.shaded.org.apache.avro.Schema;
import org.apache.flink.avro.shaded.org.apache.avro.generic.GenericData;
import org.apache.flink.avro.shaded.org.apache.avro.generic.GenericDatumWriter;
import org.apache.flink.avro.shaded.org.apache.avro.generic.GenericRecord;
import org.apache.flink.avro.shaded.org.apache.avro.io.BinaryEncoder;
import org.apache.flink.avro.shaded.org.apache.avro.io.EncoderFactory;
import org.apache.flink.avro.shaded.org.apache.avro.util.Utf8;

/** A writer of trips: its schema differs at random from a published one, and some of its records are damaged. */
final class RandomWriter {

  private static final String[] TEXTS = {
    "", "N", "yellow", "naïve", "東京", "😀 emoji", "a\0b", "\0", "x".repeat(255), "x".repeat(256), "東".repeat(255)
  };

  private final Random random;
  private final Schema schema;
  private double oddity;
  private int named;

  RandomWriter(Random random, Schema published) {
    this.random = random;
    this.schema = random.nextInt(4) == 0 ? published : changed(published);
  }

  Schema schema() {
    return schema;
  }

  /** Returns a framed record, which is intact half of the time. */
  byte[] message(int schemaId) throws IOException {
    oddity = random.nextInt(3) > 0 ? 0 : 0.1;
    GenericRecord record = new GenericData.Record(schema);
    for (Schema.Field field : schema.getFields()) {
      record.put(field.pos(), value(field.name(), field.schema()));
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(ByteBuffer.allocate(Framing.HEADER_BYTES).put((byte) 0).putInt(schemaId).array());
    BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
    new GenericDatumWriter<GenericRecord>(schema).write(record, encoder);
    encoder.flush();
    return random.nextBoolean() ? bytes.toByteArray() : damaged(bytes.toByteArray());
  }

  private Schema changed(Schema published) {
    boolean isIncompatible = random.nextInt(5) == 0;
    List<Schema.Field> fields = new ArrayList<>();
    for (Schema.Field field : published.getFields()) {
      if (random.nextInt(12) > 0) {
        Schema changed = isIncompatible && random.nextInt(9) == 0 ? anyType() : promotable(field.schema());
        Schema type = random.nextInt(3) > 0 ? field.schema() : optional(changed);
        fields.add(new Schema.Field(field.name(), type));
      }
    }
    addSometimes(fields, "is_shared", primitive(Schema.Type.BOOLEAN));
    addSometimes(fields, "surge", primitive(Schema.Type.INT, Schema.Type.LONG, Schema.Type.FLOAT));
    addSometimes(fields, "without_column", anyType());
    addSometimes(fields, "without_column_either", anyType());
    if (random.nextInt(3) == 0) {
      Collections.shuffle(fields, random);
    }
    return Schema.createRecord(random.nextBoolean() ? "Trip" : "Ride", null, "nyc.taxi", false, fields);
  }

  private void addSometimes(List<Schema.Field> fields, String name, Schema type) {
    if (random.nextBoolean()) {
      fields.add(random.nextInt(fields.size() + 1), new Schema.Field(name, optional(type)));
    }
  }

  /** Returns the type of the values, or one that Avro can promote to it. */
  private Schema promotable(Schema declared) {
    Schema type = declared.isUnion() ? declared.getTypes().get(1) : declared;
    switch (type.getType()) {
      case LONG:
        return primitive(Schema.Type.INT, Schema.Type.LONG);
      case DOUBLE:
        return primitive(Schema.Type.INT, Schema.Type.LONG, Schema.Type.FLOAT, Schema.Type.DOUBLE);
      case STRING:
        return primitive(Schema.Type.STRING, Schema.Type.BYTES);
      default:
        return type;
    }
  }

  private Schema optional(Schema type) {
    Schema nothing = Schema.create(Schema.Type.NULL);
    switch (type.getType() == Schema.Type.NULL ? 0 : random.nextInt(6)) {
      case 1:
        return Schema.createUnion(nothing, type);
      case 2:
        return Schema.createUnion(type, nothing);
      case 3:
        return Schema.createUnion(type);
      case 4:
        Schema other = anyType();
        return other.getType() == type.getType() || other.getType() == Schema.Type.NULL
            ? type
            : Schema.createUnion(nothing, other, type);
      default:
        return type;
    }
  }

  private Schema anyType() {
    switch (random.nextInt(4)) {
      case 0:
        return Schema.createFixed("Fixed" + named++, null, "nyc.taxi", random.nextInt(9));
      case 1:
        return Schema.createEnum("Enum" + named++, null, "nyc.taxi", List.of("A", "B", "C"));
      default:
        return primitive(
            Schema.Type.NULL, Schema.Type.BOOLEAN, Schema.Type.INT, Schema.Type.LONG, Schema.Type.FLOAT,
            Schema.Type.DOUBLE, Schema.Type.STRING, Schema.Type.BYTES);
    }
  }

  private Schema primitive(Schema.Type... types) {
    return Schema.create(types[random.nextInt(types.length)]);
  }

  private Object value(String name, Schema type) {
    switch (type.getType()) {
      case UNION:
        return value(name, type.getTypes().get(random.nextInt(type.getTypes().size())));
      case NULL:
        return null;
      case BOOLEAN:
        return random.nextBoolean();
      case INT:
        return name.equals("source_month") && !isOdd() ? 14_245 + random.nextInt(30_000) : number().intValue();
      case LONG:
        return name.endsWith("_at") && !isOdd() ? 1_700_000_000_000L + random.nextInt() : number();
      case FLOAT:
        return number().floatValue();
      case DOUBLE:
        return isOdd() ? new double[] {Double.NaN, 1 / 0.0, -0.0}[random.nextInt(3)] : random.nextDouble() * 30;
      case STRING:
        return text(name);
      case BYTES:
        Utf8 text = text(name);
        return ByteBuffer.wrap(text.getBytes(), 0, text.getByteLength());
      case ENUM:
        return new GenericData.EnumSymbol(type, type.getEnumSymbols().get(random.nextInt(3)));
      default:
        return new GenericData.Fixed(type, noise(type.getFixedSize()));
    }
  }

  private boolean isOdd() {
    return random.nextDouble() < oddity;
  }

  private Long number() {
    return isOdd() ? random.nextLong() >> random.nextInt(64) : random.nextInt(20_000);
  }

  private Utf8 text(String name) {
    if (isOdd()) {
      return random.nextBoolean() ? new Utf8(noise(random.nextInt(9))) : new Utf8(TEXTS[random.nextInt(TEXTS.length)]);
    }
    switch (name) {
      case "trip_id":
        return new Utf8(new UUID(random.nextLong(), random.nextLong()).toString());
      case "taxi_type":
        return new Utf8(random.nextBoolean() ? "yellow" : "green");
      default:
        return new Utf8(TEXTS[random.nextInt(6)].getBytes(StandardCharsets.UTF_8));
    }
  }

  private byte[] noise(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  private byte[] damaged(byte[] message) {
    int body = message.length - Framing.HEADER_BYTES;
    int at = Framing.HEADER_BYTES + random.nextInt(Math.max(1, body));
    byte[] tail = Arrays.copyOfRange(message, Math.min(at, message.length), message.length);
    switch (random.nextInt(6)) {
      case 0:
        return Arrays.copyOf(message, Math.min(at, message.length));
      case 1:
        return joined(message, noise(1 + random.nextInt(3)));
      case 2:
        return joined(Arrays.copyOf(message, at), noise(1), tail);
      case 3:
        return joined(Arrays.copyOf(message, at), noise(1 + random.nextInt(12)));
      default:
        for (int flips = 1 + random.nextInt(3); body > 0 && flips > 0; flips--) {
          message[Framing.HEADER_BYTES + random.nextInt(body)] ^= (byte) (1 << random.nextInt(8));
        }
        return message;
    }
  }

  private static byte[] joined(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }
}
