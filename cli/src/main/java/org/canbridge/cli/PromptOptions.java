package org.canbridge.cli;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.canbridge.runtime.bulk.SamplingJob;

/** The options of text-conditional models. */
final class PromptOptions {
  private static final long MAX_FILE_BYTES = 64L << 20;

  private static final Opt<Optional<String>> PROMPT =
      Opt.text("prompt", "TEXT")
          .elsewhere("text", "caption")
          .help("what a text-to-image model draws");
  private static final Opt<Optional<Path>> PROMPTS =
      Opt.path("prompts", "FILE").help("the same, one text a line, in turn; UTF-8");
  private static final Opt<Optional<String>> NEGATIVE =
      Opt.text("negative", "TEXT").usually("nothing").help("what guidance leads away from");
  private static final Opt<Optional<Path>> TEXT_ENCODER =
      Opt.path("text-encoder", "DIR")
          .elsewhere("clip")
          .help("CLIP's text encoder with its tokenizer, for prompts");

  static final OptionGroup GROUP =
      new OptionGroup("prompts", List.of(PROMPT, PROMPTS, NEGATIVE, TEXT_ENCODER));

  private PromptOptions() {}

  /** Reads them; nothing for models of classes. */
  static Optional<SamplingJob.Texts> read(Invocation invocation)
      throws UsageException, IOException {
    Optional<String> prompt = invocation.get(PROMPT);
    Optional<Path> file = invocation.get(PROMPTS);
    Optional<Path> clip = ModelOptions.part(invocation, TEXT_ENCODER, "text_encoder");
    if (prompt.isPresent() && file.isPresent()) {
      throw new UsageException("--prompt and --prompts exclude each other");
    }
    List<String> prompts =
        file.isPresent() ? lines(file.get()) : prompt.map(List::of).orElse(List.of());
    if (prompts.isEmpty() == clip.isPresent()) {
      throw new UsageException("--prompt or --prompts goes with --text-encoder DIR");
    }
    if (prompts.isEmpty() && invocation.has(NEGATIVE)) {
      throw new UsageException("--negative goes with --prompt or --prompts");
    }
    String negative = invocation.get(NEGATIVE).orElse("");
    return clip.map(encoder -> new SamplingJob.Texts(prompts, negative, encoder));
  }

  private static List<String> lines(Path file) throws UsageException, IOException {
    try {
      if (Files.isDirectory(file)) {
        throw new UsageException("--prompts: " + file + " is a folder");
      }
      if (Files.size(file) > MAX_FILE_BYTES) {
        throw new UsageException("--prompts: " + file + " is larger than 64 MiB");
      }
      List<String> lines = Files.readAllLines(file).stream().filter(l -> !l.isBlank()).toList();
      if (lines.isEmpty()) {
        throw new UsageException("--prompts: " + file + " holds no text");
      }
      return lines;
    } catch (NoSuchFileException e) {
      throw new UsageException("--prompts: there is no file " + file);
    } catch (MalformedInputException e) {
      throw new UsageException("--prompts: " + file + " is not UTF-8 text");
    }
  }
}
