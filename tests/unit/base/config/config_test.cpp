#include "base/config/config.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/config/env_file.hpp"
#include "base/config/places.hpp"

namespace bb::config {
namespace {

/// A folder for .env files, removed at the end.
struct Files : ::testing::Test {
    Files() {
        char name[] = "/tmp/bbc-XXXXXX";
        folder = mkdtemp(name);
    }
    ~Files() override { std::filesystem::remove_all(folder); }

    void write(const std::string& name, const std::string& text) {
        std::ofstream(folder + "/" + name) << text;
    }
    Config load(const Environment& environment = {}) { return Config::load(environment, folder).value(); }
    std::string fault(const Environment& environment, const std::string& option) {
        const auto loaded = Config::load(environment, folder);
        if (loaded) return "no fault";
        for (const auto& field : loaded.error().fields)
            if (field.pointer == option) return field.detail;
        return "another fault";
    }

    std::string folder;
};

TEST(Options, HaveAValidDefaultAndExampleAndASentence) {
    for (const auto& option : options()) {
        SCOPED_TRACE(option.name);
        EXPECT_EQ(fault_of(option, option.standard), std::nullopt);
        EXPECT_FALSE(option.example.empty());
        EXPECT_EQ(fault_of(option, option.example), std::nullopt);
        EXPECT_EQ(option.help.back(), '.');
        EXPECT_EQ(find_option(option.name), &option);
    }
}

TEST_F(Files, EarlierPlacesWin) {
    write(".env", "OPENAI_MODEL=a\nBRAINBYTES_THREADS=1\nBRAINBYTES_LOG_LEVEL=error\nMAIL_FROM=x@y.z");
    write(".env.local", "OPENAI_MODEL=b\nBRAINBYTES_THREADS=2\nBRAINBYTES_LOG_LEVEL=warn");
    write(".env.production", "OPENAI_MODEL=c\nBRAINBYTES_THREADS=3");
    const auto config = load({{"BRAINBYTES_STAGE", "production"}, {"OPENAI_MODEL", "d"}});
    EXPECT_EQ(config.text("OPENAI_MODEL"), "d");
    EXPECT_EQ(config.value("OPENAI_MODEL").origin, "environment");
    EXPECT_EQ(config.number("BRAINBYTES_THREADS"), 3);
    EXPECT_EQ(config.value("BRAINBYTES_THREADS").origin, ".env.production");
    EXPECT_EQ(config.text("BRAINBYTES_LOG_LEVEL"), "warn");
    EXPECT_EQ(config.text("MAIL_FROM"), "x@y.z");
    EXPECT_EQ(config.text("BRAINBYTES_LISTEN"), "127.0.0.1:3000");
    EXPECT_EQ(config.value("BRAINBYTES_LISTEN").origin, "default");
}

TEST(Places, AreFoldersOrPartsOfBucketsWithTheirOwnNumbers) {
    const auto places = parse_places("/mnt/a b , s3://school/x/y-1/?keep=14/8/24,s3://school,");
    ASSERT_TRUE(places) << places.error().detail;
    ASSERT_EQ(places->size(), 3u);
    EXPECT_EQ((*places)[0].folder, "/mnt/a b");
    EXPECT_EQ((*places)[0].daily, 0);
    EXPECT_EQ((*places)[1].bucket, "school");
    EXPECT_EQ((*places)[1].prefix, "x/y-1");
    EXPECT_EQ((*places)[1].daily, 14);
    EXPECT_EQ((*places)[1].weekly, 8);
    EXPECT_EQ((*places)[1].monthly, 24);
    EXPECT_EQ((*places)[2].prefix, "");
    EXPECT_TRUE(parse_places("")->empty());
    for (const char* wrong : {"s3://", "s3://AB/x", "s3://ab", "s3://school//x", "s3://school/a/../b",
                              "s3://school/a b", "http://school/x", "/mnt?keep=", "/mnt?keep=0/1/1",
                              "/mnt?keep=1/1", "/mnt?keep=1/1/x", "/mnt?keep=1/1/99999", "?keep=1/1/1"})
        EXPECT_FALSE(parse_places(wrong)) << wrong;
}

TEST_F(Files, NamesOfAwsStandInForOursAndAKeyGoesWithItsOwnSecret) {
    const Environment theirs = {{"AWS_ENDPOINT_URL", "http://127.0.0.1:9"},
                                {"AWS_REGION", "eu-central-1"},
                                {"AWS_ACCESS_KEY_ID", "theirs"},
                                {"AWS_SECRET_ACCESS_KEY", "their-secret"},
                                {"AWS_SESSION_TOKEN", "their-token"}};
    const auto config = load(theirs);
    EXPECT_EQ(config.text("S3_ENDPOINT"), "http://127.0.0.1:9");
    EXPECT_EQ(config.text("S3_REGION"), "eu-central-1");
    EXPECT_EQ(config.text("S3_ACCESS_KEY_ID"), "theirs");
    EXPECT_EQ(config.text("S3_SECRET_ACCESS_KEY"), "their-secret");
    EXPECT_EQ(config.text("S3_SESSION_TOKEN"), "their-token");
    auto both = theirs;
    both["S3_SECRET_ACCESS_KEY"] = "our-secret";
    EXPECT_EQ(load(both).text("S3_SECRET_ACCESS_KEY"), "their-secret") << "a key goes with its own";
    both.erase("AWS_SESSION_TOKEN");
    both["S3_SESSION_TOKEN"] = "our-token";
    EXPECT_EQ(load(both).text("S3_SESSION_TOKEN"), "");
    both = theirs;
    both["S3_ACCESS_KEY_ID"] = "ours";
    EXPECT_EQ(load(both).text("S3_SECRET_ACCESS_KEY"), "");
    EXPECT_EQ(load(both).text("S3_SESSION_TOKEN"), "");
    EXPECT_EQ(fault({{"BACKUP_TO", "s3://school/x"}}, "S3_ACCESS_KEY_ID"),
              "must be set too, as BACKUP_TO names a bucket");
    EXPECT_EQ(fault({{"BACKUP_TO", "s3://school/x"}, {"S3_ACCESS_KEY_ID", "ours"}}, "S3_ACCESS_KEY_ID"),
              "no fault");
    EXPECT_EQ(fault({{"S3_BUCKET", "school/x"}}, "S3_ACCESS_KEY_ID"),
              "must be set too, as S3_BUCKET names a bucket");
    const Environment twice = {
        {"S3_BUCKET", "school"}, {"S3_BUCKET_BEFORE", "school"}, {"S3_ACCESS_KEY_ID", "ours"}};
    EXPECT_EQ(fault(twice, "S3_BUCKET_BEFORE"), "must be another than S3_BUCKET");
    for (const auto* wrong : {"school/a,school/b", "A", "school//x", "school?keep=1/1/1"})
        EXPECT_NE(fault({{"S3_BUCKET", wrong}, {"S3_ACCESS_KEY_ID", "ours"}}, "S3_BUCKET"), "no fault")
            << wrong;
}

TEST_F(Files, TheStageMayStandInAFile) {
    write(".env", "BRAINBYTES_STAGE=staging");
    write(".env.staging", "OPENAI_MODEL=s");
    EXPECT_EQ(load().text("OPENAI_MODEL"), "s");
}

TEST_F(Files, AnEmptyValueAsksForTheDefault) {
    write(".env", "BRAINBYTES_THREADS=5");
    EXPECT_EQ(load({{"BRAINBYTES_THREADS", ""}}).number("BRAINBYTES_THREADS"), 0);
}

TEST_F(Files, ASecretMayComeFromAFile) {
    write("key", "  sk-secret\n");
    const auto config = load({{"OPENAI_API_KEY_FILE", folder + "/key"}});
    EXPECT_EQ(config.text("OPENAI_API_KEY"), "sk-secret");
    EXPECT_EQ(config.value("OPENAI_API_KEY").origin, "file " + folder + "/key");
    EXPECT_NE(fault({{"OPENAI_API_KEY_FILE", "/nonexistent"}}, "OPENAI_API_KEY_FILE").find("No such file"),
              std::string::npos);
    EXPECT_NE(fault({{"OPENAI_API_KEY", "x"}, {"OPENAI_API_KEY_FILE", folder + "/key"}}, "OPENAI_API_KEY")
                  .find("twice"),
              std::string::npos);
}

TEST_F(Files, ThePlansNameForTheSecretIsTaken) {
    EXPECT_EQ(load({{"BETTER_AUTH_SECRET", "abc"}}).text("BRAINBYTES_SECRET"), "abc");
    EXPECT_EQ(load({{"BETTER_AUTH_SECRET", "abc"}, {"BRAINBYTES_SECRET", "def"}}).text("BRAINBYTES_SECRET"),
              "def");
}

TEST_F(Files, EveryWrongValueIsNamedWithItsFaultAndAnExample) {
    struct Case {
        const char* name;
        const char* value;
    };
    const Case cases[] = {
        {"BRAINBYTES_URL", "brainbytes.example"},
        {"BRAINBYTES_URL", "https://x.example/path"},
        {"BRAINBYTES_URL", "https://me@x.example"},
        {"BRAINBYTES_URL", "https://"},
        {"BRAINBYTES_URL", "https://x:99999"},
        {"BRAINBYTES_LISTEN", "3000"},
        {"BRAINBYTES_LISTEN", "0.0.0.0:70000"},
        {"BRAINBYTES_LISTEN", "example.org:80"},
        {"BRAINBYTES_RATE_LIMITS", "person"},
        {"BRAINBYTES_RATE_LIMITS", "person=120"},
        {"BRAINBYTES_RATE_LIMITS", "person=120+5"},
        {"BRAINBYTES_RATE_LIMITS", "person=120+5/d"},
        {"BRAINBYTES_RATE_LIMITS", "person=0+5/s"},
        {"BRAINBYTES_RATE_LIMITS", "person=120+0/s"},
        {"BRAINBYTES_RATE_LIMITS", "person=1000001+5/s"},
        {"BRAINBYTES_RATE_LIMITS", "person=120+5/s,,network=1+1/s"},
        {"BRAINBYTES_RATE_LIMITS", "=120+5/s"},
        {"BRAINBYTES_RATE_LIMITS", "persons=120+5/s"},
        {"BRAINBYTES_STAGE", "prod"},
        {"DATABASE_URL", "mysql://x"},
        {"OPENAI_API_KEY", "two words"},
        {"OPENAI_BASE_URL", "ftp://x"},
        {"SMTP_URL", "mail.example:25"},
        {"MAIL_FROM", "nobody"},
        {"MAIL_FROM", "A <a@b@c>"},
        {"BRAINBYTES_TRUSTED_PROXIES", "10.0.0.0/33"},
        {"BRAINBYTES_TRUSTED_PROXIES", "proxy.example"},
        {"BRAINBYTES_THREADS", "many"},
        {"BRAINBYTES_THREADS", "-1"},
        {"BRAINBYTES_THREADS", "2.5"},
        {"BRAINBYTES_LOG_LEVEL", "loud"},
        {"OPENAI_MODEL", "a\nb"},
        {"OPENAI_MODEL", "\xff"},
    };
    for (const auto& one : cases) {
        SCOPED_TRACE(std::string(one.name) + "=" + one.value);
        const auto text = fault({{one.name, one.value}}, one.name);
        EXPECT_NE(text.find("Example: " + std::string(one.name) + "="), std::string::npos) << text;
    }
    EXPECT_EQ(fault({{"OPENAI_API_KEY", "top secret"}}, "OPENAI_API_KEY").find("top"), std::string::npos);
    EXPECT_EQ(fault({{"SMTP_URL", "http://me:hidden@x"}}, "SMTP_URL").find("hidden"), std::string::npos);
}

TEST_F(Files, GoodValuesOfEachKindPass) {
    const Environment good = {
        {"BRAINBYTES_URL", "https://x.example:8443"},
        {"BRAINBYTES_LISTEN", ":8080"},
        {"DATABASE_URL", "host=/tmp dbname=x password=y"},
        {"OPENAI_BASE_URL", "http://[::1]:8080/v1"},
        {"SMTP_URL", "smtp://localhost"},
        {"MAIL_FROM", "a@b"},
        {"BRAINBYTES_TRUSTED_PROXIES", "::1, 10.0.0.0/8"},
        {"BRAINBYTES_THREADS", "4"},
    };
    const auto loaded = Config::load(good, folder);
    EXPECT_TRUE(loaded.has_value());
}

TEST_F(Files, TheFormerBucketIsAnotherHoweverItIsWritten) {
    const auto fault_with = [&](const char* bucket, const char* before) {
        return fault({{"S3_ACCESS_KEY_ID", "key"},
                      {"S3_SECRET_ACCESS_KEY", "secret"},
                      {"S3_BUCKET", bucket},
                      {"S3_BUCKET_BEFORE", before}},
                     "S3_BUCKET_BEFORE");
    };
    for (const char* same : {"school", "school/", "s3://school", "s3://school/"}) {
        EXPECT_NE(fault_with("school", same).find("must be another than S3_BUCKET"), std::string::npos)
            << same;
        EXPECT_NE(fault_with(same, "school").find("must be another than S3_BUCKET"), std::string::npos)
            << same;
        EXPECT_EQ(fault_with(same, "school/one"), "no fault") << same;
    }
    EXPECT_NE(fault_with("school/one", "s3://school/one/").find("must be another"), std::string::npos);
    EXPECT_EQ(fault_with("school/one", "school/two"), "no fault");
    EXPECT_EQ(fault_with("school", "college"), "no fault");
}

TEST_F(Files, AMisspeltNameIsNotedWithTheNearest) {
    write(".env", "BRAINBYTES_LISEN=x");
    const auto config = load({{"BRAINBYTES_TREADS", "1"}, {"OTHER", "2"}, {"BRAINBYTES_DATA_FILE", ""}});
    ASSERT_EQ(config.warnings().size(), 2u);
    EXPECT_NE(config.warnings()[0].find("BRAINBYTES_THREADS"), std::string::npos);
    EXPECT_NE(config.warnings()[1].find("BRAINBYTES_LISTEN"), std::string::npos);
}

TEST_F(Files, AnUnknownOptionIsABug) {
    EXPECT_THROW(load().text("NO_SUCH_OPTION"), std::logic_error);
}

TEST(Masked, HidesSecretsAndPasswords) {
    EXPECT_EQ(masked(*find_option("OPENAI_API_KEY"), "sk-1").find("sk-1"), std::string::npos);
    EXPECT_EQ(masked(*find_option("OPENAI_API_KEY"), ""), "");
    const auto& database = *find_option("DATABASE_URL");
    EXPECT_EQ(masked(database, "postgresql://me:pw@db:5432/x"), "postgresql://me:••••••••@db:5432/x");
    EXPECT_EQ(masked(database, "postgresql://me@db/x"), "postgresql://me@db/x");
    EXPECT_EQ(masked(database, "postgresql:///x?host=/tmp"), "postgresql:///x?host=/tmp");
    for (const char* text : {"host=db password=pw user=me", "postgresql://db/x?password=pw&user=me"})
        EXPECT_EQ(masked(database, text).find("pw"), std::string::npos);
    EXPECT_EQ(masked(*find_option("MAIL_FROM"), "a@b"), "a@b");
}

TEST(ParseEnv, ReadsQuotesCommentsAndExport) {
    const auto lines = parse_env(
                           "\xEF\xBB\xBF# comment\n\nA=plain # comment\nexport B = 'it # $x'\n"
                           "C=\"two\\nlines \\\"q\\\" \\$x \\z\" # end\nD=#nothing\nE=a#b\nF=\r\n"
                           "G='over\nlines'\nH=last")
                           .value();
    std::map<std::string, std::string> found;
    for (const auto& line : lines) found[line.name] = line.value;
    const std::map<std::string, std::string> expected = {
        {"A", "plain"},
        {"B", "it # $x"},
        {"C", "two\nlines \"q\" $x \\z"},
        {"D", ""},
        {"E", "a#b"},
        {"F", ""},
        {"G", "over\nlines"},
        {"H", "last"},
    };
    EXPECT_EQ(found, expected);
    EXPECT_EQ(lines.back().line, 11);
}

TEST(ParseEnv, NamesTheLineOfAFault) {
    for (const char* text : {"A=1\nnonsense", "A=1\n=2", "A=1\n1B=2"}) {
        const auto lines = parse_env(text);
        ASSERT_TRUE(lines.has_error()) << text;
        EXPECT_EQ(lines.error().detail.rfind("line 2:", 0), 0u) << lines.error().detail;
    }
    EXPECT_EQ(parse_env("A='open\nB=1").error().detail, "line 1: the closing ' is missing");
    EXPECT_EQ(parse_env("A=\"x\" y").error().detail, "line 1: nothing may follow the closing quote");
}

TEST_F(Files, AFaultInAFileIsNamed) {
    write(".env", "A=1\nnonsense\n");
    EXPECT_NE(fault({}, ".env").find("line 2"), std::string::npos);
}

}  // namespace
}  // namespace bb::config
