package org.canbridge.runtime.family.clip;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.files.InputFileException;

/**
 * CLIP's byte-pair encoding, by the library that transformers' fast tokenizer uses. Text is
 * normalised (NFC, white space, lower case), cut into words, and encoded; the start-of-text token
 * goes in front, the end-of-text token behind, and the rest is padding. A text that is too long
 * loses its end, never the end-of-text token.
 *
 * <p>The native library comes with the jar and is unpacked into DJL's cache on first use; nothing
 * is fetched. Not for use by several threads at once.
 *
 * <pre>{@code
 * try (ClipTokenizer tokenizer = ClipTokenizer.open(Path.of("clip-vit-large-patch14"))) {
 *   Tokens tokens = tokenizer.encode(List.of("a green train"), 77);
 *   session.run(Map.of("input_ids", tokens.inputIds()), List.of("last_hidden_state"));
 * }
 * }</pre>
 *
 * <p>Source: transformers' {@code CLIPTokenizerFast} and its converter from {@code vocab.json} and
 * {@code merges.txt}. The slow tokenizer and OpenAI's also mend broken encodings (ftfy) where that
 * library is installed; plain text comes out the same.
 */
final class ClipTokenizer implements AutoCloseable {
  private final HuggingFaceTokenizer tokenizer;
  private final ClipVocabulary vocabulary;

  /**
   * Encoded texts, ready for the text encoder.
   *
   * @param inputIds {@code (B, N)} I64
   * @param attentionMask {@code (B, N)} I64, 1 up to the end-of-text token and 0 at padding
   */
  public record Tokens(TensorData inputIds, TensorData attentionMask) {}

  private ClipTokenizer(HuggingFaceTokenizer tokenizer, ClipVocabulary vocabulary) {
    this.tokenizer = tokenizer;
    this.vocabulary = vocabulary;
  }

  /**
   * Opens the tokenizer of a published model.
   *
   * @param folder holds {@code tokenizer.json}, or {@code vocab.json} and {@code merges.txt}; in a
   *     pipeline the folder {@code tokenizer} beside it does
   * @throws InputFileException if these are missing or are not CLIP's
   */
  public static ClipTokenizer open(Path folder) {
    Path beside = folder.toAbsolutePath().normalize().resolveSibling("tokenizer");
    boolean own =
        Stream.of("tokenizer.json", "vocab.json", "merges.txt")
            .anyMatch(name -> Files.exists(folder.resolve(name)));
    ClipVocabulary vocabulary =
        ClipVocabulary.read(own || !Files.isDirectory(beside) ? folder : beside);
    // Framing, truncation and padding are done here, whatever the file says about them.
    Map<String, String> plain =
        Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false");
    try {
      return new ClipTokenizer(
          HuggingFaceTokenizer.newInstance(
              new ByteArrayInputStream(vocabulary.definition().getBytes(StandardCharsets.UTF_8)),
              plain),
          vocabulary);
    } catch (IOException | RuntimeException e) {
      throw InputFileException.of(TokenizerProblem.REFUSED, vocabulary.file())
          .what("the tokenizer library refuses the file")
          .actual(e.getMessage())
          .next("get a complete copy of the model's tokenizer files")
          .cause(e)
          .build();
    }
  }

  /**
   * Encodes texts.
   *
   * @param length N, the number of tokens of each text with padding; 77 for every published CLIP
   * @throws IllegalArgumentException if there is no room for start and end
   */
  public Tokens encode(List<String> texts, int length) {
    if (length < 2) {
      throw new IllegalArgumentException(
          "a text needs at least 2 tokens, start and end; got " + length);
    }
    long[] ids = new long[Math.multiplyExact(texts.size(), length)];
    long[] mask = new long[ids.length];
    Arrays.fill(ids, vocabulary.padding());
    for (int i = 0; i < texts.size(); i++) {
      Encoding encoding = tokenizer.encode(texts.get(i), false, false);
      long[] content = encoding.getIds();
      int kept = Math.min(content.length, length - 2);
      int start = i * length;
      ids[start] = vocabulary.startOfText();
      System.arraycopy(content, 0, ids, start + 1, kept);
      ids[start + 1 + kept] = vocabulary.endOfText();
      Arrays.fill(mask, start, start + kept + 2, 1);
    }
    return new Tokens(
        MemoryTensor.of(ids, texts.size(), length), MemoryTensor.of(mask, texts.size(), length));
  }

  /**
   * The end of a text that {@link #encode} loses, from the word on in which it begins; empty if the
   * text fits.
   *
   * @param length N, the number of tokens of each text with padding
   */
  public String lost(String text, int length) {
    CharSpan[] spans = tokenizer.encode(text, false, false).getCharTokenSpans();
    int kept = length - 2;
    if (spans.length <= kept) {
      return "";
    }
    int begin = spans[kept] == null ? text.length() : spans[kept].getStart();
    int at = text.offsetByCodePoints(0, Math.min(begin, text.codePointCount(0, text.length())));
    while (at > 0 && !Character.isWhitespace(text.charAt(at - 1))) {
      at--;
    }
    return text.substring(at).strip();
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
