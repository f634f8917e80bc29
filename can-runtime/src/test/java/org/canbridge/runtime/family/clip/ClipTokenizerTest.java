package org.canbridge.runtime.family.clip;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Problem;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A vocabulary as CLIP's is built, with five merges. Bytes stand as letters; {@code </w>} ends a
 * word.
 */
class ClipTokenizerTest {
  private static final List<String> MERGES =
      List.of("c a", "ca t</w>", "t h", "th e</w>", "' s</w>");
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @TempDir Path folder;
  private final List<String> vocabulary = new ArrayList<>();

  @BeforeEach
  void writeFiles() throws IOException {
    List<String> bytes =
        Stream.of("! ' 1 2 a c e h s t Ã ©".split(" ")).toList(); // é is the bytes of Ã and ©
    vocabulary.addAll(bytes);
    bytes.forEach(letter -> vocabulary.add(letter + "</w>"));
    MERGES.forEach(merge -> vocabulary.add(merge.replace(" ", "")));
    vocabulary.add("<|startoftext|>");
    vocabulary.add("<|endoftext|>");
    ObjectNode ids = MAPPER.createObjectNode();
    vocabulary.forEach(token -> ids.put(token, ids.size()));
    MAPPER.writeValue(folder.resolve("vocab.json").toFile(), ids);
    Files.writeString(
        folder.resolve("merges.txt"), "#version: 0.2\n" + String.join("\n", MERGES) + "\n");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = false,
      quoteCharacter = '`',
      value = {
        "the cat|the</w> cat</w>",
        // White space and case do not matter.
        "  The\t CAT  |the</w> cat</w>",
        // Letters that no merge joins stand alone.
        "hats|h a t s</w>",
        // The merges that were learned first come first.
        "catcat|ca t cat</w>",
        // Contractions are words, and so is each digit and each run of other signs.
        "cat's|cat</w> 's</w>",
        "12|1</w> 2</w>",
        "cat!!|cat</w> ! !</w>",
        // Two bytes; a letter and an accent are the same as the accented letter.
        "\u00e9|Ã ©</w>",
        "e\u0301|Ã ©</w>",
        "``|"
      })
  void textBecomesTokens(String text, String expected) {
    List<String> words = new ArrayList<>(List.of("<|startoftext|>"));
    if (expected != null) {
      words.addAll(Arrays.asList(expected.split(" ")));
    }
    words.add("<|endoftext|>");
    int count = words.size();
    while (words.size() < 9) {
      words.add("<|endoftext|>");
    }
    try (ClipTokenizer tokenizer = ClipTokenizer.open(folder)) {
      ClipTokenizer.Tokens tokens = tokenizer.encode(List.of(text), 9);
      assertEquals(words, named(Tensors.longs(tokens.inputIds())));
      assertEquals(count, Arrays.stream(Tensors.longs(tokens.attentionMask())).sum());
    }
  }

  private List<String> named(long[] ids) {
    return Arrays.stream(ids).mapToObj(id -> vocabulary.get((int) id)).toList();
  }

  @Test
  void longTextsKeepTheirEndOfText() {
    try (ClipTokenizer tokenizer = ClipTokenizer.open(folder)) {
      ClipTokenizer.Tokens tokens = tokenizer.encode(List.of("cat cat cat cat", "the"), 4);
      assertEquals(List.of(2L, 4L), tokens.inputIds().type().shape());
      assertEquals(
          List.of(
              "<|startoftext|>",
              "cat</w>",
              "cat</w>",
              "<|endoftext|>",
              "<|startoftext|>",
              "the</w>",
              "<|endoftext|>",
              "<|endoftext|>"),
          named(Tensors.longs(tokens.inputIds())));
      assertArrayEquals(new long[] {1, 1, 1, 1, 1, 1, 1, 0}, Tensors.longs(tokens.attentionMask()));
      assertEquals(
          "a text needs at least 2 tokens, start and end; got 1",
          assertThrows(IllegalArgumentException.class, () -> tokenizer.encode(List.of("cat"), 1))
              .getMessage());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "cat the | 4 | ''",
        "cat the  Cat the | 4 | Cat the",
        // Half of a word is none; é is two tokens.
        "cat hats | 4 | hats",
        "é cat the | 5 | the",
        "é 1 the | 5 | the",
        "12 | 2 | 12"
      })
  void whatALongTextLosesIsKnown(String text, int length, String lost) {
    try (ClipTokenizer tokenizer = ClipTokenizer.open(folder)) {
      assertEquals(lost, tokenizer.lost(text, length));
    }
  }

  @Test
  void theTokenizerOfAPipelineLiesBeside() throws IOException {
    Path pipeline = Files.createDirectory(folder.resolve("pipeline"));
    Path encoder = Files.createDirectory(pipeline.resolve("text_encoder"));
    Path beside = Files.createDirectory(pipeline.resolve("tokenizer"));
    for (String name : List.of("vocab.json", "merges.txt")) {
      Files.copy(folder.resolve(name), beside.resolve(name));
    }
    try (ClipTokenizer tokenizer = ClipTokenizer.open(encoder)) {
      long[] ids = Tensors.longs(tokenizer.encode(List.of("cat"), 3).inputIds());
      assertEquals(List.of("<|startoftext|>", "cat</w>", "<|endoftext|>"), named(ids));
    }
  }

  /** Stable Diffusion 2 pads with the exclamation mark. */
  @Test
  void paddingIsWhatTheFolderSays() throws IOException {
    Files.writeString(
        folder.resolve("special_tokens_map.json"), "{\"pad_token\": {\"content\": \"!\"}}");
    Files.writeString(folder.resolve("tokenizer_config.json"), "{\"pad_token\": null}");
    try (ClipTokenizer tokenizer = ClipTokenizer.open(folder)) {
      assertEquals(
          List.of("<|startoftext|>", "cat</w>", "<|endoftext|>", "!", "!"),
          named(Tensors.longs(tokenizer.encode(List.of("cat"), 5).inputIds())));
    }
  }

  /**
   * The definition that is made of the two files, read as a file, with settings that must not
   * count.
   */
  @Test
  void tokenizerJsonGivesTheSame() throws IOException {
    ObjectNode definition = (ObjectNode) MAPPER.readTree(ClipVocabulary.read(folder).definition());
    definition
        .putObject("truncation")
        .put("max_length", 3)
        .put("stride", 0)
        .put("strategy", "LongestFirst")
        .put("direction", "Right");
    definition
        .putObject("padding")
        .put("direction", "Right")
        .put("pad_id", 0)
        .put("pad_type_id", 0)
        .put("pad_token", "!")
        .putNull("pad_to_multiple_of")
        .putObject("strategy")
        .put("Fixed", 8);
    MAPPER.writeValue(folder.resolve("tokenizer.json").toFile(), definition);
    Files.delete(folder.resolve("vocab.json"));
    try (ClipTokenizer tokenizer = ClipTokenizer.open(folder)) {
      assertEquals(
          List.of("<|startoftext|>", "cat</w>", "cat</w>", "cat</w>", "cat</w>", "<|endoftext|>"),
          named(Tensors.longs(tokenizer.encode(List.of("cat cat cat cat"), 6).inputIds())));
      assertEquals(
          List.of("<|startoftext|>", "the</w>", "<|endoftext|>", "<|endoftext|>"),
          named(Tensors.longs(tokenizer.encode(List.of("the"), 4).inputIds())));
    }
  }

  @Test
  void folderWithoutTokenizerIsRefused() throws IOException {
    Files.delete(folder.resolve("merges.txt"));
    assertRefused(
        TokenizerProblem.MISSING,
        "the folder holds no tokenizer\n"
            + "  expected: tokenizer.json, or vocab.json and merges.txt\n"
            + "  file: "
            + folder
            + "\n  next: get these files from where the text encoder was published");
  }

  @Test
  void otherTokenizersAreRefused() throws IOException {
    Files.writeString(folder.resolve("vocab.json"), "{\"[CLS]\": 0, \"<|startoftext|>\": 1}");
    assertRefused(
        TokenizerProblem.NOT_CLIP,
        "the tokenizer is not CLIP's: it lacks a token\n"
            + "  expected: <|endoftext|>\n"
            + "  actual: 2 other tokens\n"
            + "  file: "
            + folder.resolve("vocab.json")
            + "\n  next: name the folder of the text encoder's tokenizer");
  }

  @Test
  void damagedFilesAreRefused() throws IOException {
    Files.writeString(folder.resolve("merges.txt"), "c a\nca t</w> s\n");
    assertMalformed("merges.txt", "two tokens on every line", "\n  actual: ca t</w> s");
    Files.writeString(folder.resolve("vocab.json"), "{\"a\": -1}");
    assertRefused(
        TokenizerProblem.MALFORMED,
        "the file is not part of a tokenizer\n"
            + "  expected: a whole number from 0\n"
            + "  actual: -1\n"
            + "  file: "
            + folder.resolve("vocab.json")
            + "\n  key: a\n  next: get a complete copy of the model's tokenizer files");
    Files.writeString(folder.resolve("vocab.json"), "[1]");
    assertMalformed("vocab.json", "a JSON object", "\n  actual: JSON of another kind");
    Files.writeString(folder.resolve("tokenizer.json"), "{\"model\": {}}");
    assertMalformed("tokenizer.json", "an object that maps tokens to ids", "");
    Files.writeString(folder.resolve("tokenizer.json"), "{\"a\": 1, \"a\": 2}");
    InputFileException twice =
        assertThrows(InputFileException.class, () -> ClipTokenizer.open(folder));
    assertEquals(TokenizerProblem.MALFORMED, twice.problem());
  }

  private void assertMalformed(String file, String expected, String actual) {
    assertRefused(
        TokenizerProblem.MALFORMED,
        "the file is not part of a tokenizer\n  expected: "
            + expected
            + actual
            + "\n  file: "
            + folder.resolve(file)
            + "\n  next: get a complete copy of the model's tokenizer files");
  }

  /** Tokens are there, but the library wants to know what to do with them. */
  @Test
  void definitionThatTheLibraryRefusesIsAnError() throws IOException {
    ObjectNode definition = (ObjectNode) MAPPER.readTree(ClipVocabulary.read(folder).definition());
    ((ObjectNode) definition.get("model")).put("type", "Unheard-of");
    MAPPER.writeValue(folder.resolve("tokenizer.json").toFile(), definition);
    InputFileException refusal =
        assertThrows(InputFileException.class, () -> ClipTokenizer.open(folder));
    assertEquals(TokenizerProblem.REFUSED, refusal.problem());
    assertEquals(
        "the tokenizer library refuses the file",
        refusal.getMessage().lines().findFirst().orElseThrow());
  }

  private void assertRefused(Problem problem, String message) {
    InputFileException refusal =
        assertThrows(InputFileException.class, () -> ClipTokenizer.open(folder));
    assertEquals(message, refusal.getMessage());
    assertEquals(problem, refusal.problem());
  }
}
