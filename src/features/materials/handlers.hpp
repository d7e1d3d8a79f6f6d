#pragma once
#include "base/core/error.hpp"
#include "base/core/task.hpp"
#include "base/http/request.hpp"
#include "base/http/response.hpp"
#include "features/materials/records.hpp"
#include "features/materials/routes.hpp"

// What stands behind each route; see routes.cpp for the table.

namespace bb::materials {

using Answer = Task<Result<http::Response>>;

Answer list_subjects(http::Request& request, Services& services);
Answer create_subject(http::Request& request, Services& services);
Answer show_subject(http::Request& request, Services& services);
Answer change_subject(http::Request& request, Services& services);
Answer delete_subject(http::Request& request, Services& services);

Answer list_materials(http::Request& request, Services& services);
Answer create_material(http::Request& request, Services& services);
Answer show_material(http::Request& request, Services& services);
Answer change_material(http::Request& request, Services& services);
Answer delete_material(http::Request& request, Services& services);
Answer restore_material(http::Request& request, Services& services);

Answer list_entries(http::Request& request, Services& services);
Answer create_entry(http::Request& request, Services& services);
Answer show_entry(http::Request& request, Services& services);
Answer change_entry(http::Request& request, Services& services);
Answer delete_entry(http::Request& request, Services& services);
Answer restore_entry(http::Request& request, Services& services);

Answer list_files(http::Request& request, Services& services);
Answer upload_files(http::Request& request, Services& services);
Answer show_file(http::Request& request, Services& services);
Answer download_file(http::Request& request, Services& services);
Answer change_file(http::Request& request, Services& services);
Answer delete_file(http::Request& request, Services& services);
Answer restore_file(http::Request& request, Services& services);
Answer read_file_again(http::Request& request, Services& services);

Answer add_page(http::Request& request, Services& services);
// Resumable uploads (resumable/tus.cpp).
Answer describe_uploads(http::Request& request, Services& services);
Answer begin_upload(http::Request& request, Services& services);
Answer show_upload(http::Request& request, Services& services);
Answer continue_upload(http::Request& request, Services& services);
Answer cancel_upload(http::Request& request, Services& services);
/// A file with its text. A long one is rendered on the pool, and packed there for those who can unpack it.
Answer file_answer(const http::Request& request, Services& services, File file);
/// The original bytes of a file of `owner`, as an attachment.
Answer original_answer(const http::Request& request, Services& services, UserId owner, File file);

Answer search(http::Request& request, Services& services);

}  // namespace bb::materials
